import { SpanwiseError } from '../journal/index.ts'
import type { Backend } from './backend.ts'

/** A call that was under way when its process died: nobody knows whether it was answered, and charged. */
export interface UnconfirmedCall {
  readonly run: string
  /** of the entry that says so */
  readonly index: number
  readonly at: Date
  readonly workflow: string
  readonly tenant: string
  readonly alias: string
  readonly provider: string
  readonly model: string
  /** nano-dollars that it may have cost; undefined where its price is not known */
  readonly atMost: bigint | undefined
}

export interface UnconfirmedOptions {
  readonly since?: Date
  readonly until?: Date
  readonly tenant?: string
  readonly workflow?: string
  /** only of this run */
  readonly run?: string
}

export interface ConfirmOptions {
  /** who says so */
  readonly by: string
  /** how they know: the invoice of November */
  readonly reason?: string
}

const page = 1_000

/** Those of which nobody has said what they did cost, oldest first. */
export async function unconfirmedCalls(
  backend: Backend,
  options: UnconfirmedOptions,
): Promise<readonly UnconfirmedCall[]> {
  const { tenant, workflow, run } = options
  const query = { since: options.since?.getTime(), until: options.until?.getTime(), tenant, workflow, limit: page }
  const found: UnconfirmedCall[] = []
  for (let after: string | undefined, first = true; first || after !== undefined; first = false) {
    const { items, after: next } = await backend.modelCalls({ ...query, after })
    after = next
    for (const { kind, meta, confirmed, ...one } of items) {
      if (kind !== 'model.attempt' || meta['unconfirmed'] !== true || confirmed !== undefined) continue
      if (run !== undefined && one.run !== run) continue
      const text = (name: string): string => String(meta[name] ?? '')
      const { bound } = meta
      found.push({
        run: one.run,
        index: one.index,
        at: new Date(one.at),
        workflow: one.workflow,
        tenant: one.tenant,
        alias: text('alias'),
        provider: text('provider'),
        model: text('model'),
        atMost: typeof bound === 'number' ? BigInt(Math.round(bound)) : undefined,
      })
    }
  }
  return found
}

/** False where it was said before. @throws CALL_UNKNOWN, INVALID_INPUT */
export async function confirmCall(
  backend: Backend,
  call: { readonly run: string; readonly index: number },
  cost: bigint,
  { by, reason = '' }: ConfirmOptions,
  at: number,
): Promise<boolean> {
  if (typeof by !== 'string' || by.trim() === '')
    throw new SpanwiseError({
      code: 'INVALID_INPUT',
      message: 'It is not said who knows what the call did cost.',
      hint: 'It is part of the record: { by }, and where it helps { reason }.',
      run: call.run,
    })
  if (cost < 0n || cost > 9_000_000_000_000_000n)
    throw new SpanwiseError({
      code: 'INVALID_INPUT',
      message: `A call cannot have cost ${cost} nano-dollars.`,
      hint: 'Say what the provider charged; 0n where it charged nothing.',
      run: call.run,
    })
  const { run, index } = call
  const { state } = await backend.confirmCall({ run, index, cost, by, reason, at })
  if (state !== 'unknown') return state === 'ok'
  throw new SpanwiseError({
    code: 'CALL_UNKNOWN',
    message: `Entry ${index} of run ${run} is no call that was lost.`,
    hint: 'spanwise costs unconfirmed lists them.',
    run,
  })
}
