import { useMemo, useState } from 'react'
import { useStates } from '../api/queries.ts'
import type { RunEvent, RunStateAt } from '../api/types.ts'
import { Button } from '../parts/button.tsx'
import { formatTime } from '../parts/format.ts'
import { JsonView } from '../parts/json.tsx'
import { Problem } from '../parts/problem.tsx'
import { changesOf } from './state-diff.ts'

/** The state after each superstep of a graph, or turn of an agent: what became different, and all of it. */
export function StatesTab({
  run,
  events,
  onSelect,
}: {
  readonly run: string
  readonly events: readonly RunEvent[]
  readonly onSelect: (entry: number) => void
}) {
  const rounds = useMemo(() => events.filter(({ kind }) => kind === 'scope.snapshot').length, [events])
  const states = useStates(run, undefined, rounds)
  const [chosen, setChosen] = useState<number>()
  const items = states.data ?? []
  const at = chosen === undefined ? items.length - 1 : items.findIndex(({ index }) => index === chosen)
  const current = items[at]
  if (states.error !== null) return <Problem error={states.error} />
  if (states.data === undefined) return <p className="px-4 py-6 text-sm text-soft">Loading…</p>
  if (current === undefined) return <p className="px-4 py-6 text-sm text-soft">No superstep is over yet.</p>
  const before = items.slice(0, at).findLast(({ key }) => key === current.key)
  return (
    <div className="grid md:grid-cols-[15rem_minmax(0,1fr)]">
      <ol className="max-h-[65vh] overflow-y-auto border-b border-line md:border-r md:border-b-0">
        {items.map((one) => (
          <li key={one.index}>
            <button
              type="button"
              data-row
              aria-pressed={one === current}
              onClick={() => setChosen(one.index)}
              className="w-full px-4 py-1.5 text-left text-xs hover:bg-raised aria-pressed:bg-raised"
            >
              <span className="font-medium">
                after {one.key.includes('agent(') ? 'turn' : 'superstep'} {one.round}
              </span>
              <span className="block truncate text-soft">
                {one.key}
                {one.done ? ' · the last' : one.next.length > 0 && ` → ${one.next.join(', ')}`}
              </span>
            </button>
          </li>
        ))}
      </ol>
      <div className="max-h-[65vh] min-w-0 space-y-4 overflow-y-auto p-4">
        <p className="flex flex-wrap items-center gap-3 text-xs text-soft">
          {current.key} · {formatTime(new Date(current.at))}
          <Button look="quiet" onClick={() => onSelect(current.index)}>
            entry {current.index}
          </Button>
        </p>
        <Changes before={before} current={current} />
        <div>
          <h3 className="mb-1 text-xs font-medium text-soft">All of it</h3>
          <JsonView value={current.state} open={2} />
        </div>
      </div>
    </div>
  )
}

function Changes({ before, current }: { readonly before: RunStateAt | undefined; readonly current: RunStateAt }) {
  const changes = useMemo(() => changesOf(before?.state, current.state), [before, current])
  if (before === undefined) return null
  return (
    <div>
      <h3 className="mb-1 text-xs font-medium text-soft">What it changed</h3>
      {changes.length === 0 ? (
        <p className="text-sm text-soft">Nothing.</p>
      ) : (
        <ul className="space-y-1.5 font-mono text-xs">
          {changes.map(({ path, before: was, after: is }) => (
            <li key={path}>
              <span className="text-soft">{path}</span>
              {was !== undefined && <div className="break-words text-bad">− {short(was)}</div>}
              {is !== undefined && <div className="break-words text-good">+ {short(is)}</div>}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined'
  return text.length > 500 ? `${text.slice(0, 500)}…` : text
}
