import { useVirtualizer } from '@tanstack/react-virtual'
import { useMemo, useRef, useState } from 'react'
import type { RunEvent } from '../api/types.ts'
import { Input } from '../parts/field.tsx'
import { formatCount, formatDuration } from '../parts/format.ts'

/** Every entry of the history, in order; only what is in sight is rendered. */
export function Events({
  events,
  selected,
  onSelect,
}: {
  readonly events: readonly RunEvent[]
  readonly selected: number | undefined
  readonly onSelect: (index: number) => void
}) {
  const [text, setText] = useState('')
  const shown = useMemo(
    () => (text === '' ? events : events.filter(({ kind, key }) => kind.includes(text) || key.includes(text))),
    [events, text],
  )
  const frame = useRef<HTMLDivElement>(null)
  const rows = useVirtualizer({
    count: shown.length,
    getScrollElement: () => frame.current,
    estimateSize: () => 28,
    overscan: 12,
  })
  const begin = Date.parse(events[0]?.at ?? '')
  return (
    <div>
      <div className="flex items-center gap-3 border-b border-line px-4 py-2">
        <Input
          type="search"
          aria-label="Filter by kind or operation"
          placeholder="Filter by kind or operation"
          value={text}
          onChange={(event) => setText(event.target.value)}
          className="max-w-72"
        />
        <span className="ml-auto text-xs text-soft">{formatCount(shown.length)} entries</span>
      </div>
      <div ref={frame} className="max-h-[65vh] overflow-auto">
        <div className="relative min-w-[36rem]" style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map(({ index, start }) => {
            const event = shown[index] as RunEvent
            return (
              <button
                type="button"
                data-row
                key={event.index}
                aria-pressed={event.index === selected}
                onClick={() => onSelect(event.index)}
                className="absolute inset-x-0 grid h-7 grid-cols-[3.5rem_9rem_minmax(0,1fr)_5rem_6rem] items-center gap-3 px-4 text-left text-xs hover:bg-raised aria-pressed:bg-raised"
                style={{ top: start }}
              >
                <span className="text-right text-soft">{event.index}</span>
                <span>{event.kind}</span>
                <span className="truncate font-mono">{event.key}</span>
                <span className="text-right text-soft">{event.size > 0 ? sizeOf(event.size) : ''}</span>
                <span className="text-right text-soft">+{formatDuration(Date.parse(event.at) - begin)}</span>
              </button>
            )
          })}
        </div>
      </div>
    </div>
  )
}

function sizeOf(characters: number): string {
  return characters < 1_000 ? `${characters} ch` : `${Math.round(characters / 1_000)} kch`
}
