import type { Death, LoadedRun, RunChange, Store } from '../journal/index.ts'
import { SpanwiseError } from '../journal/index.ts'
import { refusedChange } from './endings.ts'

/** What it is set aside with: when its process died, which, and what was under way. */
export function crashLoop(run: string, deaths: readonly Death[]): SpanwiseError {
  const steps = [...new Set(deaths.map(({ step }) => step).filter((step) => step !== undefined))]
  const during = steps.length === 0 ? 'the workflow’s own code or a step' : `"${steps.join('", "')}"`
  const when = deaths
    .map(({ at, pid, host }) => `${new Date(at).toISOString()}${pid === undefined ? '' : ` (pid ${pid} on ${host})`}`)
    .join(', ')
  return new SpanwiseError({
    code: 'CRASH_LOOP',
    message: `The process died ${deaths.length} times in a row while the run was in memory, after its entry ${deaths.at(-1)?.index}, during ${during}. Found dead: ${when}.`,
    hint: 'Look at the logs of these processes: out of memory, process.exit or abort, a crash of native code. Mend it, then resume the run.',
    run,
    ...(steps.length === 1 ? { step: steps[0] } : {}),
  })
}

/** The run is set aside without its code being run once more. */
export async function setCrashingAside(
  store: Store,
  { row, entries }: LoadedRun,
  deaths: readonly Death[],
  now: number,
): Promise<RunChange | undefined> {
  const last = entries.at(-1) as LoadedRun['entries'][number]
  const change = refusedChange(row, last.index, Math.max(now, last.at), crashLoop(row.run, deaths))
  const [parked] = change.entries
  if (parked === undefined) return undefined
  const worker = deaths.at(-1)?.worker
  const meta = { ...parked.meta, deaths: deaths.length, ...(worker === undefined ? {} : { worker }) }
  const whole = { ...change, entries: [{ ...parked, meta }] }
  const { state } = await store.append(whole)
  return state === 'ok' ? whole : undefined
}
