import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useMemo } from 'react'
import { useHistory } from '../api/live.ts'
import { useRun } from '../api/queries.ts'
import type { RunEvent } from '../api/types.ts'
import { instancesOf } from '../graph/live.ts'
import { CopyButton } from '../parts/copy.tsx'
import { formatDuration, formatMoney } from '../parts/format.ts'
import { JsonView } from '../parts/json.tsx'
import { Panel } from '../parts/panel.tsx'
import { Problem } from '../parts/problem.tsx'
import { RunLink } from '../parts/run-link.tsx'
import { StatusBadge } from '../parts/status.tsx'
import { Ago, ExactTime } from '../parts/time.tsx'
import { AtAGlance } from './at-a-glance.tsx'
import { EntryPanel } from './entry-panel.tsx'
import { Events } from './events.tsx'
import { InWords } from './in-words.tsx'
import { ModelCalls } from './model-calls.tsx'
import { operationsOf } from './operations.ts'
import { RunActions } from './run-actions.tsx'
import { type RunTab, runTabs } from './run-search.ts'
import { Timeline } from './timeline.tsx'

const GraphTab = lazy(async () => ({ default: (await import('../graph/graph-tab.tsx')).GraphTab }))
const StatesTab = lazy(async () => ({ default: (await import('../graph/states-tab.tsx')).StatesTab }))

export function RunPage() {
  const { run: id } = useParams({ from: '/runs/$run' })
  const { tab = 'timeline', entry } = useSearch({ from: '/runs/$run' })
  const navigate = useNavigate()
  const run = useRun(id)
  const history = useHistory(id)
  const operations = useMemo(() => operationsOf(history.events), [history.events])
  const instances = useMemo(() => instancesOf(history.events), [history.events])
  const hasStates = useMemo(() => history.events.some(isRound), [history.events])
  const cost = useMemo(() => operations.reduce((sum, one) => sum + (one.cost ?? 0n), 0n), [operations])
  if (run.error !== null && run.data === undefined) return <Problem error={run.error} />
  if (run.data === undefined) return <p className="text-soft">Loading…</p>
  const { workflow, status, createdAt, updatedAt, key, tags, release, parent, forkOf } = run.data
  const select = (index: number | undefined): void =>
    void navigate({
      to: '.',
      search: { ...(tab === 'timeline' ? {} : { tab }), ...(index === undefined ? {} : { entry: index }) },
      replace: true,
      resetScroll: false,
    })
  const open = entry === undefined ? undefined : history.events.find(({ index }) => index === entry)
  const openOperation = operations.find(({ entries }) => entries.some(({ index }) => index === entry))
  const models = operations.filter(({ kind, isSuperseded }) => kind === 'model' && !isSuperseded)
  const isOver = status === 'completed' || status === 'failed' || status === 'cancelled'
  return (
    <>
      <header className="mb-4">
        <p className="text-sm text-soft">
          <Link to="/runs" className="hover:underline">
            Runs
          </Link>{' '}
          /{' '}
          <Link to="/runs" search={{ workflow }} className="hover:underline">
            {workflow}
          </Link>
        </p>
        <div className="mt-1 flex flex-wrap items-center gap-x-3 gap-y-2">
          <h1 className="min-w-0 truncate text-xl font-semibold tracking-tight">{key ?? workflow}</h1>
          <StatusBadge status={status} />
          {history.isLive && !isOver && (
            <span className="text-xs text-good" title="What happens is shown as it happens">
              ● live
            </span>
          )}
          <div className="ml-auto flex flex-wrap gap-2">
            <RunActions run={run.data} />
          </div>
        </div>
        <dl className="mt-2 flex flex-wrap gap-x-5 gap-y-1 text-xs text-soft">
          <Fact name="id">
            <span className="font-mono">{id}</span> <CopyButton text={id} />
          </Fact>
          <Fact name="started">
            <ExactTime at={new Date(createdAt)} />
          </Fact>
          <Fact name={isOver ? 'took' : 'last change'}>
            {isOver ? formatDuration(Date.parse(updatedAt) - Date.parse(createdAt)) : <Ago at={new Date(updatedAt)} />}
          </Fact>
          {models.length > 0 && (
            <Fact name="cost">
              {formatMoney(cost)} for {models.length} model call{models.length === 1 ? '' : 's'}
            </Fact>
          )}
          <Fact name="release">{release}</Fact>
          {tags.length > 0 && <Fact name="tags">{tags.join(', ')}</Fact>}
          {parent !== undefined && (
            <Fact name="child of">
              <RunLink run={parent} />
            </Fact>
          )}
          {forkOf !== undefined && (
            <Fact name="fork of">
              <RunLink run={forkOf.run} /> from entry {forkOf.from} ·{' '}
              <Link
                to="/runs/$run/diff/$other"
                params={{ run: forkOf.run, other: id }}
                className="text-accent hover:underline"
              >
                compare
              </Link>
            </Fact>
          )}
        </dl>
      </header>
      <div className="space-y-4">
        <AtAGlance run={run.data} operations={operations} onSelect={select} />
        {history.error !== undefined && !history.isWhole && <Problem error={history.error} />}
        <div className={open === undefined ? '' : 'grid items-start gap-4 xl:grid-cols-[minmax(0,1fr)_26rem]'}>
          <Panel
            flush
            title={
              <Tabs tab={tab} has={{ models: models.length > 0, graph: instances.length > 0, states: hasStates }} />
            }
          >
            {tab === 'timeline' && (
              <Timeline
                run={run.data}
                operations={operations}
                selected={openOperation?.key}
                onSelect={(operation) => select(operation.entries.at(-1)?.index)}
              />
            )}
            <Suspense fallback={<p className="px-4 py-6 text-sm text-soft">Loading…</p>}>
              {tab === 'graph' && instances.length > 0 && (
                <GraphTab
                  run={run.data}
                  events={history.events}
                  operations={operations}
                  instances={instances}
                  onSelect={select}
                />
              )}
              {tab === 'states' && <StatesTab run={id} events={history.events} onSelect={select} />}
            </Suspense>
            {tab === 'words' && <InWords run={id} entries={history.events.length} onSelect={select} />}
            {tab === 'events' && <Events events={history.events} selected={entry} onSelect={select} />}
            {tab === 'models' && <ModelCalls operations={models} onSelect={select} />}
            {tab === 'data' && (
              <div className="grid gap-4 p-4 lg:grid-cols-2">
                <Data title="Input" value={run.data.input} />
                <Data title="Result" value={run.data.result} />
              </div>
            )}
          </Panel>
          {open !== undefined && <EntryPanel run={run.data} event={open} operation={openOperation} onSelect={select} />}
        </div>
      </div>
    </>
  )
}

function Fact({ name, children }: { readonly name: string; readonly children: React.ReactNode }) {
  return (
    <div className="flex items-center gap-1.5">
      <dt>{name}</dt>
      <dd className="flex items-center gap-1 text-ink">{children}</dd>
    </div>
  )
}

function Data({ title, value }: { readonly title: string; readonly value: unknown }) {
  return (
    <div className="min-w-0">
      <div className="mb-1 flex items-center justify-between">
        <h3 className="text-xs font-medium text-soft">{title}</h3>
        {value !== undefined && <CopyButton text={() => JSON.stringify(value, undefined, 2)} />}
      </div>
      {value === undefined ? <p className="text-sm text-soft">None yet.</p> : <JsonView value={value} />}
    </div>
  )
}

const names: Record<RunTab, string> = {
  timeline: 'Timeline',
  graph: 'Graph',
  states: 'States',
  words: 'In words',
  events: 'Events',
  models: 'Model calls',
  data: 'Data',
}

/** One round of a graph or an agent is over. */
function isRound({ kind, meta }: RunEvent): boolean {
  return kind === 'scope.snapshot' && typeof meta['round'] === 'number'
}

function Tabs({
  tab,
  has,
}: {
  readonly tab: RunTab
  readonly has: Readonly<Record<'models' | 'graph' | 'states', boolean>>
}) {
  return (
    <span className="flex flex-wrap gap-1">
      {runTabs
        .filter((one) => !(one in has) || has[one as keyof typeof has])
        .map((one) => (
          <Link
            key={one}
            to="."
            search={one === 'timeline' ? {} : { tab: one }}
            activeOptions={{ exact: true, includeSearch: true }}
            aria-current={one === tab ? 'page' : undefined}
            className="rounded-md px-2.5 py-1 font-medium text-soft hover:text-ink aria-[current=page]:bg-raised aria-[current=page]:text-ink"
          >
            {names[one]}
          </Link>
        ))}
    </span>
  )
}
