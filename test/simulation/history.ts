import { hash } from 'node:crypto'
import { decode, type Entry, type RunRow, tokenKey } from '../../packages/spanwise/src/journal/index.ts'
import {
  isSuperseded,
  type Resumption,
  readForkMark,
  withoutUnfinished,
} from '../../packages/spanwise/src/workflow/index.ts'
import { rootOf, type World } from './world.ts'

/** A fork of a later generation has of the ones before only how the run was started. */
export function isPartial(entries: readonly Entry[]): boolean {
  return entries[1]?.kind === 'run.continued' && entries.some(({ kind }) => kind === 'run.forked')
}

export interface Generation {
  readonly number: number
  /** from its start to its end; how it was continued is the start of the next one */
  readonly entries: readonly Entry[]
  readonly isLast: boolean
}

export function generationsOf(entries: readonly Entry[]): readonly Generation[] {
  // the latest of several starts that became one is the start
  const starts = entries.flatMap(({ kind }, i) =>
    (kind === 'run.started' && entries[i + 1]?.kind !== 'run.debounced') ||
    (kind === 'run.debounced' && entries[i + 1]?.kind !== 'run.debounced') ||
    kind === 'run.continued'
      ? [i]
      : [],
  )
  const parts = starts.map((from, i) => ({
    number: Number(entries[from]?.meta['generation'] ?? 0),
    entries: entries.slice(from, starts[i + 1]),
    isLast: i === starts.length - 1,
  }))
  return isPartial(entries) ? parts.slice(1) : parts
}

/** Without what a resume superseded, or a fork did not take over. */
export function living(entries: readonly Entry[]): readonly Entry[] {
  let live: Entry[] = []
  for (const entry of entries) {
    if (entry.kind === 'run.resumed') {
      const resumption = decode(entry.payload as string) as Resumption
      live = live.filter((earlier) => !isSuperseded(earlier, resumption))
    } else if (entry.kind === 'run.forked') {
      const { index, reopen } = readForkMark(entry)
      live = withoutUnfinished(live.filter((earlier) => !isSuperseded(earlier, { from: index, reopen })))
      live.push(entry)
    } else live.push(entry)
  }
  return live
}

/** Key of the tokens of items: a fork keeps that of the run that it goes on from. */
export async function tokenKeyOf({ forks, store }: World, { run, secret }: RunRow): Promise<Uint8Array> {
  const root = rootOf({ forks }, run)
  return tokenKey((root === run ? secret : (await store.run(root))?.secret) as Uint8Array)
}

/** Steps hold two lines: what went in and what came out. */
export function stepLines({ payload }: Entry): { readonly input: unknown; readonly outcome: unknown } {
  const [input, outcome] = (payload as string).split('\n') as [string, string]
  return { input: decode(input), outcome: decode(outcome) }
}

/** Operations whose input an operator has replaced. */
export function editedKeys(entries: readonly Entry[]): ReadonlySet<string> {
  const resumed = entries.filter(({ kind }) => kind === 'run.resumed')
  const keys = resumed.map(({ payload }) => (decode(payload as string) as Resumption).edit?.key)
  return new Set(keys.filter((key) => key !== undefined))
}

/** What a step's other side is told to recognise it by: the same over retries, crashes and resumes, another one after an edit. */
export function idempotencyKeyOf({ run, key, index }: Entry, entries: readonly Entry[]): string {
  const edits = entries.filter(
    (entry) =>
      entry.kind === 'run.resumed' &&
      entry.index < index &&
      (decode(entry.payload as string) as Resumption).edit?.key === key,
  )
  return idempotencyKey(run, key, edits.length)
}

export function idempotencyKey(run: string, key: string, edits: number): string {
  return hash('sha256', `${run}\u0000${key}\u0000${edits}`, 'hex').slice(0, 32)
}

/** What a run may need attention for: the program or the world, never the machinery. */
const ours =
  /^(SHAPE_CHANGED|INPUT_CHANGED|NOT_ADVANCING|UNJOURNALED_WAIT|STORE_|MAIL_|ERASED|PAYLOAD|TRANSACTION_|INVALID|OUTSIDE|NOT_|STEP_|NO_|RUN_DROPPED|ABANDONED|DUPLICATE)/

export function strayed(entries: readonly Entry[]): string | undefined {
  const entry = entries.find(({ kind, meta }) => kind === 'run.parked' && ours.test(String(meta['code'])))
  return entry && `parked with ${entry.meta['code']}: ${(decode(entry.payload as string) as Error).message}`
}
