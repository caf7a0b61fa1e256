import { useVirtualizer } from '@tanstack/react-virtual'
import { useMemo, useRef, useState } from 'react'
import type { RunDetail } from '../api/types.ts'
import { formatCount, formatDuration, formatMoney } from '../parts/format.ts'
import { useNow } from '../parts/time.tsx'
import type { Operation } from './operations.ts'
import { makeScale, type Scale } from './scale.ts'

const rowHeight = 28
const widths = [1, 2, 4, 8, 16] as const

/** What the run did and when: a row for each operation, a bar for each attempt, waiting made short. */
export function Timeline({
  run,
  operations,
  selected,
  onSelect,
}: {
  readonly run: RunDetail
  readonly operations: readonly Operation[]
  readonly selected: string | undefined
  readonly onSelect: (operation: Operation) => void
}) {
  const [compress, setCompress] = useState(true)
  const [zoom, setZoom] = useState<number>(1)
  const frame = useRef<HTMLDivElement>(null)
  const now = useNow()
  const from = Date.parse(run.createdAt)
  const isOver = run.status === 'completed' || run.status === 'failed' || run.status === 'cancelled'
  const to = isOver ? Date.parse(run.updatedAt) : Math.max(now, ...operations.slice(-50).map(({ last }) => last))
  const scale = useMemo(
    () => makeScale(operations.flatMap(spansOf), from, to, compress),
    [operations, from, to, compress],
  )
  const rows = useVirtualizer({
    count: operations.length,
    getScrollElement: () => frame.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  })
  return (
    <div>
      <div className="flex flex-wrap items-center gap-4 border-b border-line px-4 py-2 text-xs text-soft">
        <label className="flex items-center gap-1.5">
          <input type="checkbox" checked={compress} onChange={(event) => setCompress(event.target.checked)} />
          shorten waiting
        </label>
        <label className="flex items-center gap-1.5">
          zoom
          <input
            type="range"
            min={0}
            max={widths.length - 1}
            value={widths.indexOf(zoom as (typeof widths)[number])}
            aria-valuetext={`${zoom} times`}
            onChange={(event) => setZoom(widths[Number(event.target.value)] ?? 1)}
          />
        </label>
        <span className="ml-auto">
          {formatCount(operations.length)} operations in {formatDuration(to - from)}
        </span>
      </div>
      <div ref={frame} className="max-h-[65vh] overflow-auto">
        <div className="relative" style={{ height: rows.getTotalSize(), width: `${zoom * 100}%`, minWidth: '36rem' }}>
          <Gaps scale={scale} />
          {rows.getVirtualItems().map(({ index, start }) => {
            const operation = operations[index] as Operation
            return (
              <Row
                key={`${operation.key} ${operation.entries[0]?.index}`}
                operation={operation}
                scale={scale}
                end={to}
                top={start}
                isSelected={operation.key === selected}
                onSelect={() => onSelect(operation)}
              />
            )
          })}
        </div>
      </div>
    </div>
  )
}

/** The names' column; bars begin behind it. */
const nameWidth = '15rem'

function Gaps({ scale }: { readonly scale: Scale }) {
  return (
    <div className="pointer-events-none absolute inset-y-0 right-3" style={{ left: nameWidth }}>
      {scale.gaps.map(({ at, ms }) => (
        <div
          key={at}
          className="absolute inset-y-0 border-l border-dashed border-line"
          style={{ left: `${at * 100}%` }}
          title={`${formatDuration(ms)} of waiting, shortened`}
        />
      ))}
    </div>
  )
}

const colours = { done: 'bg-good', failed: 'bg-bad', open: 'bg-busy' } as const
const signs = {
  step: 'ƒ',
  model: '✦',
  timer: '◷',
  approval: '?',
  child: '⤷',
  item: '·',
  signal: '⚑',
  run: '▪',
} as const

function Row({
  operation,
  scale,
  end,
  top,
  isSelected,
  onSelect,
}: {
  readonly operation: Operation
  readonly scale: Scale
  readonly end: number
  readonly top: number
  readonly isSelected: boolean
  readonly onSelect: () => void
}) {
  const { name, scope, depth, kind, state, attempts, isSuperseded, cost, asked } = operation
  const last = state === 'open' ? end : operation.last
  const failures = attempts.filter((attempt) => attempt.state === 'failed').length
  return (
    <button
      type="button"
      data-row
      aria-pressed={isSelected}
      onClick={onSelect}
      className={`absolute inset-x-0 flex items-center text-left text-xs hover:bg-raised aria-pressed:bg-raised ${isSuperseded ? 'opacity-45' : ''}`}
      style={{ top, height: rowHeight }}
      title={`${operation.key} · ${kind} · ${state}${isSuperseded ? ' · superseded' : ''}`}
    >
      <span
        className="sticky left-0 z-10 flex h-full shrink-0 items-center gap-1.5 overflow-hidden border-r border-line bg-panel pr-2 font-mono"
        style={{ width: nameWidth, paddingLeft: `${0.75 + Math.min(depth, 6) * 0.75}rem` }}
      >
        <span aria-hidden="true" className="w-3 shrink-0 text-center text-soft">
          {signs[kind]}
        </span>
        <span className={`truncate ${isSuperseded ? 'line-through' : ''}`}>
          {name}
          {scope !== '' && <span className="text-soft"> {scope}</span>}
        </span>
        {failures > 0 && <span className="text-bad">×{failures + (state === 'done' ? 1 : 0)}</span>}
        {cost !== undefined && <span className="ml-auto text-soft">{formatMoney(cost)}</span>}
      </span>
      <span className="relative mr-3 h-full flex-1">
        <Bar scale={scale} from={asked} to={last} className={`h-0.5 opacity-50 ${colours[state]}`} />
        {attempts.length === 0 && <Bar scale={scale} from={last} to={last} className={`h-2.5 ${colours[state]}`} />}
        {attempts.map((attempt) => (
          <Bar
            key={attempt.to}
            scale={scale}
            from={attempt.from}
            to={attempt.to}
            className={`h-3 rounded-sm ${colours[attempt.state]}`}
            title={`${formatDuration(attempt.to - attempt.from)}${attempt.error === undefined ? '' : ` · ${attempt.error}`}`}
          />
        ))}
      </span>
    </button>
  )
}

function Bar({
  scale,
  from,
  to,
  className,
  title,
}: {
  readonly scale: Scale
  readonly from: number
  readonly to: number
  readonly className: string
  readonly title?: string
}) {
  const left = scale.at(from)
  return (
    <span
      className={`absolute top-1/2 min-w-1 -translate-y-1/2 ${className}`}
      style={{ left: `${left * 100}%`, width: `${(scale.at(to) - left) * 100}%` }}
      title={title}
    />
  )
}

function spansOf({ attempts, asked, kind, state }: Operation) {
  if (attempts.length > 0) return attempts.map(({ from, to }) => ({ from, to }))
  return kind === 'step' && state !== 'open' ? [{ from: asked, to: asked }] : []
}
