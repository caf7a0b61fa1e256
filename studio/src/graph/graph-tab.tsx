import { useState } from 'react'
import { useStates, useWorkflow } from '../api/queries.ts'
import type { RunDetail, RunEvent } from '../api/types.ts'
import { Select } from '../parts/field.tsx'
import type { Operation } from '../run/operations.ts'
import { GraphView } from './graph-view.tsx'
import { type Instance, nodeStates, roundsOf } from './live.ts'

/** The graph that a run goes through, with where it stands. */
export function GraphTab({
  run,
  events,
  operations,
  instances,
  onSelect,
}: {
  readonly run: RunDetail
  readonly events: readonly RunEvent[]
  readonly operations: readonly Operation[]
  readonly instances: readonly Instance[]
  readonly onSelect: (entry: number) => void
}) {
  const [chosen, setChosen] = useState<string>()
  const instance = instances.find(({ key }) => key === chosen) ?? (instances[0] as Instance)
  const workflow = useWorkflow(instance.graph)
  const rounds = roundsOf(events, instance.key)
  // long states are cut in the pages of the history
  const isCut = rounds.some((one) => one.isCut)
  const whole = useStates(run.id, instance.key, rounds.length, isCut)
  const graph = workflow.data?.graph
  const begun = graph?.lines.filter(({ from, label }) => from === 'start' && label === '').map(({ to }) => to) ?? []
  const turns = new Map([
    [0, begun],
    ...(isCut
      ? (whole.data ?? []).map(({ round, next }) => [round, next] as const)
      : rounds.map(({ meta, payload }) => [Number(meta['round']), nextOf(payload)] as const)),
  ])
  return (
    <div>
      {instances.length > 1 && (
        <p className="flex items-center gap-2 border-b border-line px-4 py-2 text-xs text-soft">
          which one
          <Select
            aria-label="Which graph of the run"
            className="!w-auto"
            value={instance.key}
            onChange={(event) => setChosen(event.target.value)}
          >
            {instances.slice(0, 200).map(({ key }) => (
              <option key={key}>{key}</option>
            ))}
          </Select>
        </p>
      )}
      {workflow.error !== null ? (
        <p className="px-4 py-6 text-sm text-soft">
          This worker does not start <code>{instance.graph}</code> by itself, so it cannot draw it. Name the graph among
          the workflows of the app to see it here.
        </p>
      ) : graph === undefined ? (
        <p className="px-4 py-6 text-sm text-soft">Loading…</p>
      ) : (
        <GraphView
          key={instance.key}
          name={instance.graph}
          drawing={graph}
          states={nodeStates(operations, instance.key, turns, run.status)}
          onSelect={onSelect}
        />
      )}
    </div>
  )
}

function nextOf(payload: unknown): readonly string[] {
  const { state } = (payload ?? {}) as { readonly state?: { readonly next?: unknown } }
  return Array.isArray(state?.next) ? state.next.map(String) : []
}
