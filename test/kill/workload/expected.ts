import type { Order } from './workflows.ts'

/** How a run of the workload has to end, whatever happened to its processes. */
export interface End {
  readonly status: 'completed' | 'failed' | 'cancelled'
  /** one of these, when it completes */
  readonly results?: readonly unknown[]
  /** error code, when it does not */
  readonly code?: string
}

export function expectedEnd(workflow: string, { n }: Order): End {
  const completed = (...results: readonly unknown[]): End => ({ status: 'completed', results })
  switch (workflow) {
    case 'chain':
      return completed({ length: 3 + (n % 5), ordered: true })
    case 'promises':
      return completed(...tuples(['done', 'unknown'], 3))
    case 'money':
      return completed((2 + (n % 4)) * 2)
    case 'threads':
      return completed(3)
    case 'waits':
      return completed({ got: [1, 2, 3, 4], silence: 'silence' })
    case 'asks':
      return completed(['boss', 'no from boss', 'expired'][n % 3])
    case 'listener':
      return completed('psst')
    case 'family':
      return completed({ length: 3 + ((n + 1) % 5), heard: 'psst', ended: 'cancelled' })
    case 'rounds':
      return completed(20)
    case 'list':
      return completed(Array.from({ length: 20 + (n % 20) }, (_, i) => (i % 3 === 0 ? 0 : 1)).join(''))
    case 'stream':
      return completed(560 + (n % 100))
    case 'bulk':
      return completed(520 + (n % 50))
    case 'people':
      return completed(12 + (n % 6))
    case 'branches':
      return completed(...['fast', 'slow'].map((winner) => ({ left: 'done', right: 'done', deep: 'done', winner })))
    case 'undone':
      return { status: 'failed', code: 'FAILED_ON_PURPOSE' }
    case 'stopped':
    case 'sleeper':
      return { status: 'cancelled', code: 'CANCELLED' }
    case 'mended':
      return completed('mended')
    default:
      throw new Error(`nobody knows how ${workflow} ends`)
  }
}

function tuples(of: readonly string[], length: number): readonly (readonly string[])[] {
  if (length === 0) return [[]]
  return tuples(of, length - 1).flatMap((rest) => of.map((one) => [...rest, one]))
}
