import type { RunStatus } from '../api/types.ts'
import { runStatuses } from '../parts/status.tsx'

/** What the list of runs shows, all of it in the address. */
export interface RunsSearch {
  readonly workflow?: string
  readonly status?: RunStatus
  readonly text?: string
  readonly tag?: string
  readonly fingerprint?: string
  readonly since?: string
}

export function readRunsSearch(search: Record<string, unknown>): RunsSearch {
  const text = (name: string): string | undefined => {
    const value = search[name]
    return typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined
  }
  const status = runStatuses.find((one) => one === search['status'])
  return defined({
    workflow: text('workflow'),
    status,
    text: text('text'),
    tag: text('tag'),
    fingerprint: text('fingerprint'),
    since: text('since'),
  })
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** Without what is not said, so that addresses stay short. */
export function defined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Defined<T>
}
