import { useState } from 'react'
import { useEntry } from '../api/queries.ts'
import type { RunDetail, RunEvent } from '../api/types.ts'
import { Button } from '../parts/button.tsx'
import { CopyButton } from '../parts/copy.tsx'
import { JsonView } from '../parts/json.tsx'
import { ExactTime } from '../parts/time.tsx'
import { ForkDialog } from './fork-dialog.tsx'
import type { Operation } from './operations.ts'

/** One entry, whole; the others of its operation; and a fork from here. */
export function EntryPanel({
  run,
  event,
  operation,
  onSelect,
}: {
  readonly run: RunDetail
  readonly event: RunEvent
  readonly operation: Operation | undefined
  readonly onSelect: (entry: number | undefined) => void
}) {
  const [forking, setForking] = useState(false)
  const whole = useEntry(run.id, event.index, event.isCut)
  const payload = event.isCut ? whole.data?.payload : event.payload
  return (
    <section aria-label={`Entry ${event.index}`} className="min-w-0 rounded-lg border border-line bg-panel">
      <header className="flex items-center justify-between gap-2 border-b border-line px-4 py-1.5">
        <h2 className="truncate text-sm font-semibold">
          {event.kind} <span className="font-normal text-soft">· entry {event.index}</span>
        </h2>
        <Button look="quiet" aria-label="Close" onClick={() => onSelect(undefined)}>
          ✕
        </Button>
      </header>
      <div className="space-y-3 p-4 text-sm">
        {event.key !== '' && <p className="font-mono text-xs break-all">{event.key}</p>}
        <p className="text-xs text-soft">
          <ExactTime at={new Date(event.at)} /> · asked for after entry{' '}
          <button type="button" className="text-accent underline" onClick={() => onSelect(event.after)}>
            {event.after}
          </button>
          {event.attempt > 0 && ` · attempt ${event.attempt}`}
        </p>
        {operation !== undefined && operation.entries.length > 1 && (
          <p className="flex flex-wrap gap-2 text-xs">
            {operation.entries.map((one) => (
              <button
                key={one.index}
                type="button"
                aria-pressed={one.index === event.index}
                onClick={() => onSelect(one.index)}
                className="rounded border border-line px-1.5 py-0.5 aria-pressed:border-accent"
              >
                {one.index} {one.kind.split('.')[1]}
              </button>
            ))}
          </p>
        )}
        <div className="flex flex-wrap gap-2">
          <Button onClick={() => setForking(true)}>Fork from here…</Button>
          {payload !== undefined && <CopyButton text={() => JSON.stringify(payload, undefined, 2)} label="Copy data" />}
        </div>
        {Object.keys(event.meta).length > 0 && (
          <div>
            <h3 className="mb-1 text-xs font-medium text-soft">Facts</h3>
            <JsonView value={event.meta} />
          </div>
        )}
        <div>
          <h3 className="mb-1 text-xs font-medium text-soft">Data</h3>
          {event.isCut && whole.data === undefined ? (
            <p className="text-xs text-soft">Loading…</p>
          ) : payload === undefined ? (
            <p className="text-xs text-soft">None, or erased.</p>
          ) : (
            <JsonView value={payload} open={3} />
          )}
        </div>
      </div>
      {forking && <ForkDialog run={run} event={event} onClose={() => setForking(false)} />}
    </section>
  )
}
