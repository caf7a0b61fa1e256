import type { RunEvent } from '../event.ts'
import { diffStates, type StateView, statesOf } from '../states.ts'
import type { Sentence } from './tell.ts'
import { count, list, operationName, value } from './words.ts'

/** rounds of one graph that are told one by one; of more, the way is told at the end */
const most = 12
/** changes of the state that are told with a round */
const mostChanges = 3

/** A run is told in one walk over the same events, and each round asks: put together once. */
const known = new WeakMap<readonly RunEvent[], Map<string, readonly StateView[]>>()

function viewsOf(events: readonly RunEvent[], key: string): readonly StateView[] {
  const ofEvents = known.get(events) ?? new Map<string, readonly StateView[]>()
  known.set(events, ofEvents)
  const views = ofEvents.get(key) ?? statesOf(events, key)
  ofEvents.set(key, views)
  return views
}

/** Where a graph went on from a round, and what the round had changed in the state: that is what its routes look at. */
export function tellRound(event: RunEvent, events: readonly RunEvent[]): Sentence | undefined {
  if (!/(^|\/)graph\([^/]*$/.test(event.key)) return undefined
  const views = viewsOf(events, event.key)
  const at = views.findIndex(({ index }) => index === event.index)
  const view = views[at]
  if (view === undefined) return undefined
  const graph = `Graph ${operationName(event.key).replace(/^.*graph\(([^)]*)\)/, '$1')}`
  if (views.length > most) return at < views.length - 1 ? undefined : way(graph, views)
  const going = view.next.length === 0 ? (view.done ? 'came to its end' : undefined) : `went on to ${list(view.next)}`
  if (going === undefined) return undefined
  // short ones first: routes look at words and numbers, not at texts
  const changes = diffStates(views[at - 1]?.state ?? {}, view.state)
    .filter(({ before, after }) => before !== undefined || !isEmpty(after))
    .toSorted((a, b) => value(a.after).length - value(b.after).length)
  const told = changes.slice(0, mostChanges).map(({ path, after }) => `${path} became ${value(after)}`)
  const more = changes.length > told.length ? [count(changes.length - told.length, 'more value')] : []
  const because = told.length === 0 ? '' : `, as ${list([...told, ...more])}`
  return { text: `${graph} ${going}${because}.`, entries: [event.index] }
}

/** what a state begins with before anything is known */
function isEmpty(given: unknown): boolean {
  return given === '' || given === false || given === null || (Array.isArray(given) && given.length === 0)
}

function way(graph: string, views: readonly StateView[]): Sentence {
  const names = views.slice(0, most).map(({ next }) => next.join(' and '))
  return {
    text: `${graph} went ${count(views.length, 'round')}: ${names.filter((name) => name !== '').join(', then ')}, and so on.`,
    entries: views.map(({ index }) => index),
  }
}
