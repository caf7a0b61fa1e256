import { Link } from '@tanstack/react-router'
import { useBudgets, useCounts, useFailures, useOverview } from '../api/queries.ts'
import type { Overview as Figures, Period } from '../api/types.ts'
import { Code, Empty } from '../parts/empty.tsx'
import { formatCount, formatDuration, formatMoney, formatPercent } from '../parts/format.ts'
import { PageHead, Panel } from '../parts/panel.tsx'
import { Problem } from '../parts/problem.tsx'
import { runStatuses, StatusBadge } from '../parts/status.tsx'
import { Table, Td, Th } from '../parts/table.tsx'
import { BudgetList, byShare } from './budget-list.tsx'
import { FailureLine } from './failure-line.tsx'
import { StackedBars } from './stacked-bars.tsx'

/** How well it goes, in the last seven days against the seven before. */
export function Overview() {
  const overview = useOverview('7d')
  const counts = useCounts()
  const failures = useFailures()
  const budgets = useBudgets()
  const figures = overview.data
  const open = failures.data?.items.filter(({ needsAttention }) => needsAttention > 0) ?? []
  if (figures?.started === 0 && figures.previous.started === 0 && sum(counts.data?.runs) === 0) return <Nothing />
  return (
    <>
      <PageHead
        title="Overview"
        about="Runs that were started in the last seven days, and how that compares with the seven before."
      />
      {overview.error !== null && <Problem error={overview.error} />}
      <div className="space-y-4">
        <nav aria-label="Runs by status" className="flex flex-wrap gap-2">
          {runStatuses.map((status) => (
            <Link
              key={status}
              to="/runs"
              search={{ status }}
              className="flex items-center gap-2 rounded-lg border border-line bg-panel py-1.5 pr-3 pl-2 hover:bg-raised"
            >
              <StatusBadge status={status} />
              <span className="font-semibold">{formatCount(counts.data?.runs[status] ?? 0)}</span>
            </Link>
          ))}
        </nav>
        {figures !== undefined && (
          <>
            <Tiles figures={figures} />
            <Panel title="Runs started, by how they stand">
              <StackedBars
                bars={figures.parts.map(({ from, completed, wrong, other }) => ({
                  name: new Date(from),
                  good: completed,
                  bad: wrong,
                  other,
                }))}
              />
              {!figures.isWhole && (
                <p className="mt-2 text-xs text-warn">There are more runs than are looked at: these are the newest.</p>
              )}
            </Panel>
          </>
        )}
        {(budgets.data?.length ?? 0) > 0 && (
          <Panel
            flush
            title="Spend against budgets"
            actions={
              <Link to="/costs" className="text-sm text-accent hover:underline">
                Costs
              </Link>
            }
          >
            <BudgetList budgets={byShare(budgets.data ?? []).slice(0, 3)} />
          </Panel>
        )}
        <div className="grid gap-4 xl:grid-cols-2">
          <Panel flush title="What needs attention">
            {open.length === 0 ? (
              <p className="px-4 py-6 text-sm text-soft">Nothing does.</p>
            ) : (
              <ul>
                {open.slice(0, 6).map((failure) => (
                  <FailureLine key={failure.fingerprint} failure={failure} />
                ))}
              </ul>
            )}
          </Panel>
          <Panel flush title="Workflows of these days">
            <Table>
              <thead>
                <tr>
                  <Th>Workflow</Th>
                  <Th className="text-right">Started</Th>
                  <Th className="text-right">Completed</Th>
                  <Th className="text-right">Failed or stuck</Th>
                </tr>
              </thead>
              <tbody>
                {figures?.workflows.slice(0, 12).map(({ workflow, started, completed, wrong }) => (
                  <tr key={workflow} className="hover:bg-raised">
                    <Td>
                      <Link to="/runs" search={{ workflow }} className="font-medium hover:underline">
                        {workflow}
                      </Link>
                    </Td>
                    <Td label="Started" className="text-right">
                      {formatCount(started)}
                    </Td>
                    <Td label="Completed" className="text-right">
                      {formatCount(completed)}
                    </Td>
                    <Td label="Failed or stuck" className={`text-right ${wrong > 0 ? 'text-bad' : ''}`}>
                      {formatCount(wrong)}
                    </Td>
                  </tr>
                ))}
              </tbody>
            </Table>
          </Panel>
        </div>
      </div>
    </>
  )
}

function sum(counts: Readonly<Record<string, number>> | undefined): number | undefined {
  return counts === undefined ? undefined : Object.values(counts).reduce((all, one) => all + one, 0)
}

interface TileOf {
  readonly name: string
  readonly of: (period: Period) => number | undefined
  readonly format: (value: number) => string
  /** what belongs to it, in a line */
  readonly about?: (period: Period) => string
  /** which way is better; undefined where neither is */
  readonly better?: 'more' | 'less'
  /** difference in points instead of in percent */
  readonly points?: boolean
}

const tiles: readonly TileOf[] = [
  { name: 'Success rate', of: (period) => period.successRate, format: formatPercent, better: 'more', points: true },
  { name: 'Runs started', of: (period) => period.started, format: formatCount },
  { name: 'Time to completion, median', of: (period) => period.p50, format: formatDuration, better: 'less' },
  { name: 'Time to completion, p95', of: (period) => period.p95, format: formatDuration, better: 'less' },
  {
    name: 'Cost of a completed run',
    of: (period) => (period.costPerSuccess === undefined ? undefined : Number(period.costPerSuccess)),
    format: (value) => formatMoney(BigInt(Math.round(value))),
    better: 'less',
  },
  {
    name: 'Time to recovery, median',
    about: (period) =>
      `${formatCount(period.recovered)} of ${formatCount(period.parked)} that needed attention are mended`,
    of: (period) => period.timeToRecovery,
    format: formatDuration,
    better: 'less',
  },
  {
    name: 'Retry debt',
    about: ({ retryTime, wasted }) =>
      `${formatDuration(retryTime)} of failed attempts${BigInt(wasted) > 0n ? `, ${formatMoney(BigInt(wasted))} for nothing` : ''}`,
    of: (period) => period.retries,
    format: (value) => `${formatCount(value)} retries`,
    better: 'less',
  },
  {
    name: 'Spent on models',
    of: (period) => Number(period.cost),
    format: (value) => formatMoney(BigInt(Math.round(value))),
  },
]

function Tiles({ figures }: { readonly figures: Figures }) {
  // what is not there yet is not shown
  const shown = tiles.filter((tile) => tile.of(figures) !== undefined || tile.of(figures.previous) !== undefined)
  return (
    <dl className="grid grid-cols-2 gap-3 lg:grid-cols-4">
      {shown.map((tile) => {
        const now = tile.of(figures)
        return (
          <div key={tile.name} className="rounded-lg border border-line bg-panel px-4 py-3">
            <dt className="text-xs text-soft">{tile.name}</dt>
            <dd className="text-xl font-semibold">{now === undefined ? '–' : tile.format(now)}</dd>
            <dd className="text-xs">
              <Change tile={tile} now={now} before={tile.of(figures.previous)} />
            </dd>
            {tile.about !== undefined && now !== undefined && (
              <dd className="text-xs text-soft">{tile.about(figures)}</dd>
            )}
          </div>
        )
      })}
    </dl>
  )
}

function Change({
  tile,
  now,
  before,
}: {
  readonly tile: TileOf
  readonly now: number | undefined
  readonly before: number | undefined
}) {
  if (now === undefined || before === undefined || (before === 0 && !tile.points))
    return <span className="text-soft">nothing to compare with</span>
  const change = tile.points === true ? (now - before) * 100 : ((now - before) / before) * 100
  if (Math.abs(change) < 0.05) return <span className="text-soft">as before: {tile.format(before)}</span>
  const isBetter = tile.better === undefined ? undefined : change > 0 === (tile.better === 'more')
  const colour = isBetter === undefined ? 'text-soft' : isBetter ? 'text-good' : 'text-bad'
  return (
    <>
      <span className={colour}>
        {change > 0 ? '▲' : '▼'} {Math.abs(change).toFixed(1)} {tile.points === true ? 'points' : '%'}
      </span>{' '}
      <span className="text-soft">from {tile.format(before)}</span>
    </>
  )
}

function Nothing() {
  return (
    <Empty title="Nothing has run yet.">
      Start a workflow from the{' '}
      <Link to="/catalogue" className="text-accent underline">
        catalogue
      </Link>
      , or from your program:
      <Code>{'const run = await app.start(refund, { orderId: "o-7" })'}</Code>
    </Empty>
  )
}
