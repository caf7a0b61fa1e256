import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useBudgets, useCosts } from '../api/queries.ts'
import type { CostRow } from '../api/types.ts'
import { Code, Empty } from '../parts/empty.tsx'
import { Select } from '../parts/field.tsx'
import { formatCount, formatMoney } from '../parts/format.ts'
import { PageHead, Panel } from '../parts/panel.tsx'
import { Problem } from '../parts/problem.tsx'
import { Table, Td, Th } from '../parts/table.tsx'
import { BarChart } from './bar-chart.tsx'
import { BudgetList } from './budget-list.tsx'
import { type CostDimension, costDimensions, costPeriods } from './costs-search.ts'

export function CostsPage() {
  const { by = 'model', since = '7d' } = useSearch({ from: '/costs' })
  const navigate = useNavigate({ from: '/costs' })
  const costs = useCosts({ by: [by], since })
  const overTime = useCosts({ by: [since === '24h' ? 'hour' : 'day'], since })
  const budgets = useBudgets()
  const total = costs.data?.total
  return (
    <>
      <PageHead
        title="Costs"
        about="What model calls cost. The rows add up exactly to the entries of the journal; what is not known is counted, not guessed."
        actions={
          <>
            <Select
              aria-label="Told apart by"
              className="!w-auto"
              value={by}
              onChange={(event) =>
                void navigate({
                  to: '/costs',
                  search: (before) => ({ ...before, by: event.target.value as CostDimension }),
                })
              }
            >
              {costDimensions.map((one) => (
                <option key={one} value={one}>
                  by {one}
                </option>
              ))}
            </Select>
            <Select
              aria-label="Since"
              className="!w-auto"
              value={since}
              onChange={(event) =>
                void navigate({
                  to: '/costs',
                  search: (before) => ({ ...before, since: event.target.value as (typeof costPeriods)[number] }),
                })
              }
            >
              {costPeriods.map((one) => (
                <option key={one} value={one}>
                  last {one}
                </option>
              ))}
            </Select>
          </>
        }
      />
      {costs.error !== null && <Problem error={costs.error} />}
      {total?.calls === 0 && total.unconfirmed === 0 ? (
        <Panel>
          <Empty title="No model has been called in this time.">
            Calls through the gateway are recorded with their model, tokens and price:
            <Code>{"const { text } = await generateText({ model: models('fast'), prompt })"}</Code>
          </Empty>
        </Panel>
      ) : (
        total !== undefined && (
          <div className="space-y-4">
            <dl className="grid grid-cols-2 gap-3 lg:grid-cols-5">
              <Figure name="Spent" value={formatMoney(BigInt(total.cost))} />
              <Figure name="Calls" value={formatCount(total.calls)} note={`${formatCount(total.failed)} failed`} />
              <Figure
                name="Tokens in / out"
                value={`${formatCount(total.inputTokens)} / ${formatCount(total.outputTokens)}`}
                note={`${formatCount(total.cachedTokens)} from cache`}
              />
              <Figure
                name="Paid for and not used"
                value={formatMoney(BigInt(total.wasted))}
                note="at most: losers of a hedge, broken streams"
              />
              <Figure
                name="Not known"
                value={`${formatCount(total.unpriced + total.unconfirmed)} calls`}
                note={`${formatCount(total.unconfirmed)} in flight at a crash, ${formatMoney(BigInt(total.unconfirmedAtMost))} at most`}
              />
            </dl>
            <Panel title={since === '24h' ? 'By the hour, UTC' : 'By the day, UTC'}>
              <BarChart
                bars={(overTime.data?.rows ?? [])
                  .map(({ key, cost }) => ({ name: key['day'] ?? key['hour'] ?? '', value: Number(cost) }))
                  .sort((a, b) => a.name.localeCompare(b.name))}
                format={(value) => formatMoney(BigInt(Math.round(value)))}
              />
            </Panel>
            {(budgets.data?.length ?? 0) > 0 && (
              <Panel flush title="Budgets, now">
                <BudgetList budgets={budgets.data ?? []} />
              </Panel>
            )}
            <Panel flush title={`By ${by}`}>
              <CostTable rows={costs.data?.rows ?? []} by={by} />
            </Panel>
          </div>
        )
      )}
    </>
  )
}

function Figure({ name, value, note }: { readonly name: string; readonly value: string; readonly note?: string }) {
  return (
    <div className="rounded-lg border border-line bg-panel px-4 py-3">
      <dt className="text-xs text-soft">{name}</dt>
      <dd className="text-lg font-semibold">{value}</dd>
      {note !== undefined && <dd className="text-xs text-soft">{note}</dd>}
    </div>
  )
}

function CostTable({ rows, by }: { readonly rows: readonly CostRow[]; readonly by: CostDimension }) {
  const most = Math.max(1, ...rows.map(({ cost }) => Number(cost)))
  return (
    <Table>
      <thead>
        <tr>
          <Th>{by}</Th>
          <Th className="w-1/4">
            <span className="sr-only">Share</span>
          </Th>
          <Th className="text-right">Cost</Th>
          <Th className="text-right">Calls</Th>
          <Th className="text-right">A call</Th>
          <Th className="text-right">Failed</Th>
          <Th className="text-right">Tokens in / out</Th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.key[by] ?? ''} className="hover:bg-raised">
            <Td className="font-medium">
              {by === 'workflow' && row.key[by] !== undefined ? (
                <Link to="/runs" search={{ workflow: row.key[by] }} className="hover:underline">
                  {row.key[by]}
                </Link>
              ) : (
                (row.key[by] ?? <span className="text-soft">none</span>)
              )}
            </Td>
            <Td>
              <div className="h-2 rounded bg-accent" style={{ width: `${(Number(row.cost) / most) * 100}%` }} />
            </Td>
            <Td label="Cost" className="text-right">
              {formatMoney(BigInt(row.cost))}
            </Td>
            <Td label="Calls" className="text-right">
              {formatCount(row.calls)}
            </Td>
            <Td label="A call" className="text-right">
              {row.calls === 0 ? '–' : formatMoney(BigInt(row.cost) / BigInt(row.calls))}
            </Td>
            <Td label="Failed" className="text-right">
              {formatCount(row.failed)}
            </Td>
            <Td label="Tokens in / out" className="text-right">
              {formatCount(row.inputTokens)} / {formatCount(row.outputTokens)}
            </Td>
          </tr>
        ))}
      </tbody>
    </Table>
  )
}
