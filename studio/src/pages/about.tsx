import { useCosts, useMe, useOverview, useWorkflows } from '../api/queries.ts'
import { formatCount, formatDuration, formatMoney, formatPercent } from '../parts/format.ts'
import { PageHead, Panel } from '../parts/panel.tsx'
import { BarChart } from './bar-chart.tsx'
import { StackedBars } from './stacked-bars.tsx'

/** For people who do not run systems: what it does, how many, how well, at what cost. Read only. */
export function About() {
  const overview = useOverview('30d')
  const workflows = useWorkflows()
  const costs = useCosts({ by: ['workflow'], since: '30d' })
  const me = useMe()
  const figures = overview.data
  const names = workflows.data?.map(({ name }) => name) ?? []
  return (
    <>
      <PageHead
        title="In plain words"
        about="The last thirty days, for people who do not run systems. Nothing can be changed here."
      />
      <div className="max-w-3xl space-y-4 text-base leading-relaxed">
        <Panel title="What it does">
          <p>
            {names.length === 0
              ? 'Nothing is set up to run here at this moment.'
              : `Here ${names.length === 1 ? 'one process runs' : `${names.length} processes run`}: ${inWords(names)}.`}{' '}
            Each time one of them is asked to do its work, that is a run. Every run writes down what it was asked, what
            it did step by step and what came of it; that record cannot be changed without being noticed.
          </p>
        </Panel>
        {figures !== undefined && (
          <>
            <Panel title="How many, and how well">
              <p className="mb-4">
                In the last thirty days <b>{formatCount(figures.started)}</b> runs were started.{' '}
                {figures.successRate === undefined ? (
                  'None of them has come to an end yet.'
                ) : (
                  <>
                    Of those that came to an end, <b>{formatPercent(figures.successRate)}</b> did what they should.{' '}
                    {figures.statuses['needs attention'] > 0 &&
                      `${formatCount(figures.statuses['needs attention'])} wait for somebody to mend their cause, and lose nothing meanwhile. `}
                    {figures.p50 !== undefined && `Half of them took less than ${formatDuration(figures.p50)}.`}
                  </>
                )}
              </p>
              <StackedBars
                bars={figures.parts.map(({ from, completed, wrong, other }) => ({
                  name: new Date(from),
                  good: completed,
                  bad: wrong,
                  other,
                }))}
              />
            </Panel>
            <Panel title="At what cost">
              <p className="mb-4">
                Asking AI models cost <b>{formatMoney(BigInt(figures.cost))}</b>
                {figures.costPerSuccess !== undefined &&
                  BigInt(figures.costPerSuccess) > 0n &&
                  `, which is ${formatMoney(BigInt(figures.costPerSuccess))} for each run that did what it should`}
                .
                {(costs.data?.total.unpriced ?? 0) > 0 &&
                  ` For ${formatCount(costs.data?.total.unpriced ?? 0)} answers the price is not known.`}
              </p>
              <BarChart
                bars={(costs.data?.rows ?? []).map(({ key, cost }) => ({
                  name: key['workflow'] ?? 'outside of a process',
                  value: Number(cost),
                }))}
                format={(value) => formatMoney(BigInt(Math.round(value)))}
              />
            </Panel>
          </>
        )}
        <Panel title="Who answers for it">
          <p>
            You are looking at this as <b>{me.data?.name ?? '…'}</b>. Whoever approves something, or steps in, is
            written down with their name in the record of that run.
          </p>
        </Panel>
      </div>
    </>
  )
}

function inWords(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
