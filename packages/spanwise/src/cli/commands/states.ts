import { diffStates, type StateChange, type StateView } from '../../app/index.ts'
import { findRun } from '../find.ts'
import { type Common, client } from '../open.ts'
import { heading } from '../output/blocks.ts'
import { operation } from '../output/describe.ts'
import { brief, jsonable, pretty } from '../output/value.ts'
import { cut, type Terminal } from '../terminal.ts'
import { exitCode, usage } from '../usage.ts'

export interface StatesOptions extends Common {
  readonly of?: string
  readonly at?: number
  readonly diff?: number
}

/** What a graph or an agent of a run stood at after each of its rounds: what changed in each; one of them whole; or two compared. */
export async function showStates(terminal: Terminal, text: string, options: StatesOptions): Promise<number> {
  return client(options, async (app) => {
    const run = await findRun(app, text)
    const views = await run.states(options.of === undefined ? {} : { of: options.of })
    if (views.length === 0) throw noStates(run.id, options.of)
    if (options.at === undefined) return history(terminal, run.id, views)
    const view = at(views, options.at)
    if (options.diff !== undefined) return changes(terminal, view, at(views, options.diff))
    if (terminal.json) terminal.data(jsonable(view))
    else terminal.out(pretty(view.state))
    if (!terminal.json && !view.done)
      terminal.note(`\ngo on from another: spanwise runs fork ${run.id} --from ${view.index} --edit-state '{…}'`)
    return exitCode.ok
  })
}

function history(terminal: Terminal, run: string, views: readonly StateView[]): number {
  if (terminal.json) {
    terminal.data(jsonable(views))
    return exitCode.ok
  }
  heading(terminal, operation(views[0]?.key ?? ''), run, `${views.length} states`)
  let before: unknown
  for (const view of views) {
    const next = view.done ? 'done' : view.next.join(', ')
    terminal.out(
      `${terminal.paint('dim', `${String(view.round).padStart(4)}  entry ${String(view.index).padEnd(5)}`)} → ${next}`,
    )
    if (before !== undefined) list(terminal, diffStates(before, view.state))
    before = view.state
  }
  return exitCode.ok
}

function changes(terminal: Terminal, a: StateView, b: StateView): number {
  const found = diffStates(a.state, b.state)
  if (terminal.json) terminal.data(jsonable(found))
  else if (found.length === 0) terminal.note('the states are the same')
  else list(terminal, found)
  return exitCode.ok
}

function list(terminal: Terminal, found: readonly StateChange[]): void {
  const room = terminal.columns - 8
  for (const { path, before, after } of found) {
    const what = before === undefined ? brief(after) : `${brief(before)} → ${after === undefined ? '–' : brief(after)}`
    terminal.out(`      ${cut(`${path === '' ? 'state' : path}: ${what}`, room)}`)
  }
}

/** By the entry that holds it, or the last one before that. */
function at(views: readonly StateView[], index: number): StateView {
  const found = views.findLast((view) => view.index <= index)
  if (found !== undefined) return found
  throw usage(
    `There was no state at entry ${index}: the first one is at entry ${views[0]?.index}.`,
    'Leave --at out to see all of them.',
  )
}

function noStates(run: string, of: string | undefined): Error {
  return usage(
    of === undefined ? `Run ${run} holds no states.` : `Run ${run} holds no states of "${of}".`,
    'Graphs and agents have states; --of names one inside another, as runs show --entries lists it.',
  )
}
