import type { Run, RunEvent, RunState } from '../../app/index.ts'
import { jsonable } from '../../app/index.ts'

/** characters of a payload's JSON that are shown where all of it is not asked for */
const shown = 2_000

/** A run with what its first entry says, and its result. */
export async function detailOf(run: Run<unknown>, state: RunState) {
  const [first, result, progress] = await Promise.all([
    firstEvent(run),
    state.status === 'completed' ? run.result() : undefined,
    run.progress(),
  ])
  const started = (first?.payload ?? {}) as Readonly<Record<string, unknown>>
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
  const forkOf = text(first?.meta['forkOf'])
  return {
    ...state,
    key: text(started['id']),
    tags: Array.isArray(started['tags']) ? started['tags'].map(String) : [],
    subject: text(started['subject']),
    team: text(started['team']),
    input: started['input'],
    result,
    progress,
    forkOf: forkOf === undefined ? undefined : { run: forkOf, from: Number(first?.meta['forkAt']) },
  }
}

async function firstEvent(run: Run<unknown>): Promise<RunEvent | undefined> {
  for await (const event of run.events({ limit: 1 })) return event
  return undefined
}

/** An entry for the wire. Unless all of it is wanted, a long payload is cut: pages of histories must stay small. */
export function eventView(event: RunEvent, payloads: 'cut' | 'full' | 'none') {
  const { payload, ...rest } = event
  if (payload === undefined || payloads === 'none') return { ...rest, size: 0, isCut: payload !== undefined }
  const plain = jsonable(payload)
  const json = JSON.stringify(plain)
  const isCut = payloads === 'cut' && json.length > shown
  return { ...rest, payload: isCut ? json.slice(0, shown) : plain, size: json.length, isCut }
}
