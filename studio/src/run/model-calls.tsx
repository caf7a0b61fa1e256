import { formatCount, formatDuration, formatMoney } from '../parts/format.ts'
import { Table, Td, Th } from '../parts/table.tsx'
import type { Operation } from './operations.ts'

/** Model calls of a run as a trace: what was asked of whom, what it cost, and why it went to this one. */
export function ModelCalls({
  operations,
  onSelect,
}: {
  readonly operations: readonly Operation[]
  readonly onSelect: (entry: number) => void
}) {
  return (
    <Table>
      <thead>
        <tr>
          <Th>Call</Th>
          <Th>Model</Th>
          <Th>Why this one</Th>
          <Th className="text-right">Tokens in / out</Th>
          <Th className="text-right">Took</Th>
          <Th className="text-right">Cost</Th>
        </tr>
      </thead>
      <tbody>
        {operations.map((operation) => (
          <Call key={operation.entries[0]?.index} operation={operation} onSelect={onSelect} />
        ))}
      </tbody>
    </Table>
  )
}

function Call({ operation, onSelect }: { readonly operation: Operation; readonly onSelect: (entry: number) => void }) {
  const last = operation.entries.at(-1)
  const { meta = {}, index = 0 } = last ?? {}
  const number = (name: string): number | undefined => (typeof meta[name] === 'number' ? meta[name] : undefined)
  const cost = number('cost')
  const input = number('input')
  const output = number('output')
  const ms = number('ms')
  return (
    <tr className="hover:bg-raised">
      <Td>
        <button
          type="button"
          data-row
          className="text-left font-mono text-xs hover:underline"
          onClick={() => onSelect(index)}
        >
          {operation.key}
        </button>
      </Td>
      <Td label="Model">
        {String(meta['answered'] ?? meta['model'] ?? '–')}
        <span className="block text-xs text-soft">{String(meta['provider'] ?? '')}</span>
      </Td>
      <Td label="Why this one" className="text-xs">
        {why(operation)}
      </Td>
      <Td label="Tokens in / out" className="text-right">
        {input === undefined ? '?' : formatCount(input)} / {output === undefined ? '?' : formatCount(output)}
      </Td>
      <Td label="Took" className="text-right">
        {ms === undefined ? '–' : formatDuration(ms)}
      </Td>
      <Td label="Cost" className="text-right">
        {cost === undefined ? 'unknown' : formatMoney(BigInt(cost))}
      </Td>
    </tr>
  )
}

function why({ entries, state }: Operation): string {
  const meta = entries.at(-1)?.meta ?? {}
  const parts = [meta['alias'] === undefined ? undefined : `alias ${String(meta['alias'])}`]
  const failovers = Number(meta['failovers'] ?? 0)
  const tries = Number(meta['tries'] ?? 1)
  if (failovers > 0) parts.push(`after ${failovers} other${failovers === 1 ? '' : 's'} gave no answer`)
  if (tries > 1 + failovers) parts.push(`${tries} requests`)
  if (meta['unconfirmed'] === true) parts.push('unconfirmed: in flight when its process died')
  if (state === 'failed') parts.push('failed')
  if (state === 'open') parts.push('no answer yet')
  return parts.filter(Boolean).join(', ')
}
