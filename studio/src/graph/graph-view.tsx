import { useId, useMemo, useState } from 'react'
import type { Drawing } from '../api/types.ts'
import { Button } from '../parts/button.tsx'
import { Select } from '../parts/field.tsx'
import { formatDuration } from '../parts/format.ts'
import { type Box, boxHeight, isEnd, layoutOf, type Path } from './layout.ts'
import type { NodeState } from './live.ts'

/** nodes that are drawn without being asked for */
const most = 300

const zooms = ['fit', '50 %', '100 %', '150 %'] as const

/** A graph, drawn; with what a run did in it where there is one. */
export function GraphView({
  name,
  drawing,
  states,
  onSelect,
}: {
  readonly name: string
  readonly drawing: Drawing
  readonly states?: ReadonlyMap<string, NodeState>
  readonly onSelect?: (entry: number) => void
}) {
  const [wanted, setWanted] = useState(drawing.nodes.length <= most)
  if (!wanted)
    return (
      <p className="flex flex-wrap items-center gap-3 px-4 py-6 text-sm">
        This graph has {drawing.nodes.length} nodes. A drawing of so many says little, and takes its time.
        <Button onClick={() => setWanted(true)}>Draw it all the same</Button>
      </p>
    )
  return (
    <Picture
      name={name}
      drawing={drawing}
      {...(states === undefined ? {} : { states })}
      {...(onSelect === undefined ? {} : { onSelect })}
    />
  )
}

function Picture({
  name,
  drawing,
  states,
  onSelect,
}: {
  readonly name: string
  readonly drawing: Drawing
  readonly states?: ReadonlyMap<string, NodeState>
  readonly onSelect?: (entry: number) => void
}) {
  const layout = useMemo(() => layoutOf(drawing), [drawing])
  const [zoom, setZoom] = useState<(typeof zooms)[number]>('fit')
  const arrow = useId()
  const { width, height, boxes, paths } = layout
  const size =
    zoom === 'fit'
      ? { maxWidth: width, width: '100%', maxHeight: '65vh' }
      : { width: (width * Number.parseInt(zoom, 10)) / 100, maxWidth: 'none' }
  return (
    <div>
      <div className="flex flex-wrap items-center justify-between gap-3 border-b border-line px-4 py-2 text-xs text-soft">
        <span>
          {drawing.nodes.length} nodes, {drawing.maxSteps} supersteps at most
        </span>
        {states !== undefined && <Legend />}
        <span className="flex items-center gap-1.5">
          zoom
          <Select
            aria-label="Zoom"
            className="!w-auto"
            value={zoom}
            onChange={(event) => setZoom(event.target.value as typeof zoom)}
          >
            {zooms.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </Select>
        </span>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys */}
      <section className="max-h-[70vh] overflow-auto p-2" tabIndex={0} aria-label={`Graph ${name}`}>
        {/* biome-ignore lint/a11y/useSemanticElements: there is no fieldset in SVG */}
        <svg
          viewBox={`0 0 ${Math.ceil(width)} ${height}`}
          className="mx-auto block h-auto"
          style={size}
          role="group"
          aria-label={`Nodes of ${name}`}
        >
          <defs>
            <marker id={arrow} viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">
              <path d="M0,0 L8,4 L0,8 z" className="fill-soft" />
            </marker>
          </defs>
          {paths.map((path) => (
            <Edge
              key={`${path.from} ${path.to} ${path.kind} ${path.label}`}
              path={path}
              arrow={arrow}
              isTaken={states === undefined || isTaken(states, path)}
            />
          ))}
          {boxes.map((box) => (
            <Node
              key={box.name}
              box={box}
              state={states?.get(box.name)}
              isLive={states !== undefined}
              onSelect={onSelect}
            />
          ))}
        </svg>
      </section>
    </div>
  )
}

/** As far as that can be told from where it was: both of its ends were gone through, or the last node is through. */
function isTaken(states: ReadonlyMap<string, NodeState>, { from, to }: Path): boolean {
  const isThrough = from === 'start' || states.get(from)?.state === 'done'
  return isThrough && (to === 'end' ? [...states.values()].every(({ state }) => state === 'done') : states.has(to))
}

function Legend() {
  return (
    <span className="flex flex-wrap gap-3">
      <span className="text-busy">◐ on</span>
      <span className="text-good">✓ done</span>
      <span className="text-bad">✕ failed</span>
      <span>○ not reached</span>
    </span>
  )
}

function Edge({ path, arrow, isTaken }: { readonly path: Path; readonly arrow: string; readonly isTaken: boolean }) {
  const { d, label, labelX, labelY, kind, isBack } = path
  return (
    <g className={isTaken ? '' : 'opacity-40'}>
      <path
        d={d}
        className="fill-none stroke-soft"
        strokeWidth={1.3}
        strokeDasharray={kind === 'edge' ? undefined : '5 4'}
        markerEnd={`url(#${arrow})`}
      />
      {label !== '' && (
        <text
          x={labelX}
          y={labelY}
          textAnchor={isBack ? 'start' : 'middle'}
          fontSize={11}
          className="fill-soft stroke-panel"
          strokeWidth={3}
          paintOrder="stroke"
        >
          {label}
        </text>
      )}
    </g>
  )
}

const looks = {
  on: { box: 'fill-busy-tint stroke-busy', sign: '◐' },
  done: { box: 'fill-good-tint stroke-good', sign: '✓' },
  failed: { box: 'fill-bad-tint stroke-bad', sign: '✕' },
} as const

function Node({
  box,
  state,
  isLive,
  onSelect,
}: {
  readonly box: Box
  readonly state: NodeState | undefined
  readonly isLive: boolean
  readonly onSelect: ((entry: number) => void) | undefined
}) {
  const { name, note, x, y, width } = box
  const look = state === undefined ? undefined : looks[state.state]
  const told = [
    note,
    state !== undefined && state.count > 1 ? `×${state.count}` : '',
    state !== undefined && state.ms > 0 ? formatDuration(state.ms) : '',
  ]
    .filter(Boolean)
    .join(' · ')
  const entry = state?.entry
  const open = entry === undefined || onSelect === undefined ? undefined : () => onSelect(entry)
  const fill = look?.box ?? (isEnd(name) ? 'fill-raised stroke-line' : 'fill-panel stroke-line')
  const shape = (
    <>
      <title>{`${name}${told === '' ? '' : `: ${told}`}${state === undefined ? '' : `, ${state.state}`}`}</title>
      <rect x={x} y={y} width={width} height={boxHeight} rx={isEnd(name) ? boxHeight / 2 : 8} className={fill} />
      <text x={x + width / 2} y={y + (told === '' ? 28 : 20)} textAnchor="middle" fontSize={13} className="fill-ink">
        {look === undefined ? '' : `${look.sign} `}
        {name}
      </text>
      {told !== '' && (
        <text x={x + width / 2} y={y + 36} textAnchor="middle" fontSize={11} className="fill-soft">
          {told}
        </text>
      )}
    </>
  )
  const className = isLive && state === undefined && !isEnd(name) ? 'opacity-55' : ''
  if (open === undefined) return <g className={className}>{shape}</g>
  return (
    // biome-ignore lint/a11y/useSemanticElements: there is no button in SVG
    <g
      role="button"
      tabIndex={0}
      className={`cursor-pointer ${className}`}
      onClick={open}
      onKeyDown={(event) => (event.key === 'Enter' || event.key === ' ') && open()}
    >
      {shape}
    </g>
  )
}
