import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useReducer } from 'react'
import { api } from './client.ts'
import type { RunEvent } from './types.ts'

interface History {
  readonly events: readonly RunEvent[]
  /** all that there was when one came is here */
  readonly isWhole: boolean
  readonly isLive: boolean
  readonly error: unknown
}

type Step =
  | { readonly is: 'begin' }
  | { readonly is: 'events'; readonly events: readonly RunEvent[] }
  | { readonly is: 'whole' }
  | { readonly is: 'live'; readonly live: boolean }
  | { readonly is: 'error'; readonly error: unknown }

const nothing: History = { events: [], isWhole: false, isLive: false, error: undefined }

function take(history: History, step: Step): History {
  if (step.is === 'begin') return nothing
  if (step.is === 'whole') return { ...history, isWhole: true }
  if (step.is === 'live') return { ...history, isLive: step.live }
  if (step.is === 'error') return { ...history, error: step.error }
  const last = history.events.at(-1)?.index ?? -1
  const fresh = step.events.filter(({ index }) => index > last)
  return fresh.length === 0 ? history : { ...history, events: [...history.events, ...fresh] }
}

/** A run's whole history, page by page, and what is added to it as it happens, over lost connections. */
export function useHistory(run: string): History {
  const client = useQueryClient()
  const [history, dispatch] = useReducer(take, nothing)
  useEffect(() => {
    const ending = new AbortController()
    dispatch({ is: 'begin' })
    const changed = (): void => {
      void client.invalidateQueries({ queryKey: ['run', run] })
      void client.invalidateQueries({ queryKey: ['approvals'] })
    }
    follow(run, ending.signal, dispatch, changed).catch((error: unknown) => {
      if (!ending.signal.aborted) dispatch({ is: 'error', error })
    })
    return () => ending.abort()
  }, [run, client])
  return history
}

async function follow(
  run: string,
  signal: AbortSignal,
  dispatch: (step: Step) => void,
  changed: () => void,
): Promise<void> {
  let next = 0
  let held: RunEvent[] = []
  for (let more = true, isFirst = true; more; isFirst = false) {
    const page = await api.listEvents({ run, from: next, limit: 1_000 }, { signal })
    held.push(...page.items)
    more = page.next !== undefined
    // the first page at once, the others together: each time the whole history is gone through
    if (isFirst || !more || held.length >= 5_000) {
      dispatch({ is: 'events', events: held })
      held = []
    }
    next = page.next ?? (page.items.at(-1)?.index ?? next - 1) + 1
  }
  dispatch({ is: 'whole' })
  const batch = batched(dispatch, changed)
  const onConnection = (live: boolean): void => dispatch({ is: 'live', live })
  for await (const message of api.follow(run, { from: next, signal, onConnection }))
    batch(message.type === 'entry' ? message.entry : undefined)
  dispatch({ is: 'live', live: false })
}

/** Messages of a moment are shown together: a run that does a thousand things a second draws the page a few times. */
function batched(dispatch: (step: Step) => void, changed: () => void): (entry: RunEvent | undefined) => void {
  let entries: RunEvent[] = []
  let isPlanned = false
  return (entry) => {
    if (entry !== undefined) entries.push(entry)
    if (isPlanned) return
    isPlanned = true
    setTimeout(() => {
      isPlanned = false
      dispatch({ is: 'events', events: entries })
      entries = []
      changed()
    }, 50)
  }
}
