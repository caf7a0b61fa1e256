import { useState } from 'react'

/** A value of any size: what is closed is not rendered, long lists open in pieces, long text is cut. */
export function JsonView({ value, open = 2 }: { readonly value: unknown; readonly open?: number }) {
  return (
    <div className="overflow-x-auto font-mono text-xs leading-5">
      <Value value={value} depth={0} open={open} />
    </div>
  )
}

const piece = 100
const longText = 2_000

interface ValueProps {
  readonly name?: string
  readonly value: unknown
  readonly depth: number
  readonly open: number
}

function Value({ name, value, depth, open }: ValueProps) {
  const parts = partsOf(value)
  const label = name === undefined ? null : <span className="text-soft">{name}: </span>
  if (parts === undefined || parts.entries.length === 0)
    return (
      <div className="whitespace-pre-wrap break-words">
        {label}
        <Leaf value={value} />
      </div>
    )
  return <Branch label={label} parts={parts} depth={depth} open={open} />
}

interface Parts {
  readonly kind: string
  readonly entries: readonly (readonly [string, unknown])[]
  readonly brackets: readonly [string, string]
}

function Branch({
  label,
  parts,
  depth,
  open,
}: {
  readonly label: React.ReactNode
  readonly parts: Parts
  readonly depth: number
  readonly open: number
}) {
  const { entries, kind, brackets } = parts
  const [shown, setShown] = useState(depth < open && entries.length <= piece)
  const [count, setCount] = useState(piece)
  return (
    <div>
      <button
        type="button"
        className="text-left hover:bg-raised"
        aria-expanded={shown}
        onClick={() => setShown(!shown)}
      >
        <span aria-hidden="true" className="inline-block w-3 text-soft">
          {shown ? '▾' : '▸'}
        </span>
        {label}
        {kind}
        {brackets[0]}
        {!shown && (
          <span className="text-soft">
            {' '}
            {entries.length} {brackets[1]}
          </span>
        )}
      </button>
      {shown && (
        <div className="ml-1.5 border-l border-line pl-3">
          {entries.slice(0, count).map(([key, child]) => (
            <Value key={key} name={key} value={child} depth={depth + 1} open={open} />
          ))}
          {entries.length > count && (
            <button type="button" className="text-accent underline" onClick={() => setCount(count + piece * 5)}>
              {entries.length - count} more
            </button>
          )}
        </div>
      )}
      {shown && <div className="pl-3">{brackets[1]}</div>}
    </div>
  )
}

function Leaf({ value }: { readonly value: unknown }) {
  const [whole, setWhole] = useState(false)
  if (typeof value !== 'string') return <span className="text-busy">{leafText(value)}</span>
  const cut = !whole && value.length > longText
  return (
    <span className="text-good">
      "{cut ? value.slice(0, longText) : value}"
      {cut && (
        <button type="button" className="ml-1 text-accent underline" onClick={() => setWhole(true)}>
          {value.length - longText} more characters
        </button>
      )}
    </span>
  )
}

function partsOf(value: unknown): Parts | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (Array.isArray(value))
    return { kind: '', entries: value.map((item, i) => [String(i), item]), brackets: ['[', ']'] }
  if (value instanceof Date || value instanceof Uint8Array) return undefined
  if (value instanceof Map)
    return { kind: 'Map ', entries: [...value].map(([key, item]) => [String(key), item]), brackets: ['{', '}'] }
  if (value instanceof Set)
    return { kind: 'Set ', entries: [...value].map((item, i) => [String(i), item]), brackets: ['[', ']'] }
  return { kind: '', entries: Object.entries(value), brackets: ['{', '}'] }
}

function leafText(value: unknown): string {
  if (value === undefined) return 'undefined'
  if (typeof value === 'bigint') return `${value}n`
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return `${value.length} bytes`
  return JSON.stringify(value)
}
