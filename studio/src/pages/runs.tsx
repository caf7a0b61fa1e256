import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { errorFacts } from '../api/problem.ts'
import { useRuns, useWorkflows } from '../api/queries.ts'
import type { RunState, RunStatus } from '../api/types.ts'
import { Button } from '../parts/button.tsx'
import { Code, Empty } from '../parts/empty.tsx'
import { Input, Select } from '../parts/field.tsx'
import { formatDuration } from '../parts/format.ts'
import { useNarrow } from '../parts/narrow.ts'
import { PageHead, Panel } from '../parts/panel.tsx'
import { Problem } from '../parts/problem.tsx'
import { runStatuses, StatusBadge } from '../parts/status.tsx'
import { Ago } from '../parts/time.tsx'
import { BulkDialog } from './bulk-dialog.tsx'
import { defined, type RunsSearch } from './runs-search.ts'
import { SavedSearches } from './saved-searches.tsx'

const columns = 'grid grid-cols-[8.5rem_minmax(8rem,1fr)_minmax(0,1.4fr)_7rem_7rem] items-center gap-3 px-4'
/** on a phone: what it is and how it stands, under it what is the matter and since when */
const stacked =
  'max-sm:grid-cols-[minmax(0,1fr)_auto] max-sm:grid-rows-2 max-sm:grid-flow-col max-sm:gap-x-3 max-sm:gap-y-0.5 max-sm:py-2'

/** All runs, newest first: pages come as one scrolls, and only rows in sight are rendered. */
export function Runs() {
  const search = useSearch({ from: '/runs' })
  const query = useRuns(queryOf(search))
  const [bulk, setBulk] = useState(false)
  const runs = query.data?.pages.flatMap(({ items }) => items) ?? []
  const isFiltered = Object.keys(search).length > 0
  return (
    <>
      <PageHead
        title="Runs"
        actions={
          <>
            <SavedSearches />
            {isFiltered && (
              <Button onClick={() => setBulk(true)} disabled={runs.length === 0}>
                Do with all…
              </Button>
            )}
            <Link
              to="/catalogue"
              className="inline-flex h-8 items-center rounded-md bg-accent px-3 text-sm font-medium text-on-accent"
            >
              Start a run
            </Link>
          </>
        }
      />
      <Panel flush>
        <Filters search={search} />
        {query.error !== null && (
          <div className="p-4">
            <Problem error={query.error} />
          </div>
        )}
        {query.data !== undefined && runs.length === 0 ? (
          <NoRuns isFiltered={isFiltered} />
        ) : (
          <Rows runs={runs} hasMore={query.hasNextPage} more={() => void query.fetchNextPage()} />
        )}
      </Panel>
      {bulk && <BulkDialog target={search} onClose={() => setBulk(false)} />}
    </>
  )
}

function queryOf({ workflow, status, text, tag, fingerprint, since }: RunsSearch) {
  return defined({
    workflow,
    status: status === undefined ? undefined : [status],
    text,
    tag: tag === undefined ? undefined : [tag],
    fingerprint,
    since,
  })
}

function Filters({ search }: { readonly search: RunsSearch }) {
  const navigate = useNavigate({ from: '/runs' })
  const workflows = useWorkflows()
  const set = (change: { [K in keyof RunsSearch]?: RunsSearch[K] | undefined }): void =>
    void navigate({ to: '/runs', search: (before) => defined({ ...before, ...change }), replace: true })
  return (
    <div className="flex flex-wrap items-center gap-2 border-b border-line px-4 py-2.5">
      <SearchText text={search.text ?? ''} onText={(text) => set({ text: text === '' ? undefined : text })} />
      <Select
        aria-label="Status"
        className="!w-auto"
        value={search.status ?? ''}
        onChange={(event) => set({ status: (event.target.value || undefined) as RunStatus | undefined })}
      >
        <option value="">any status</option>
        {runStatuses.map((status) => (
          <option key={status}>{status}</option>
        ))}
      </Select>
      <Select
        aria-label="Workflow"
        className="!w-auto"
        value={search.workflow ?? ''}
        onChange={(event) => set({ workflow: event.target.value || undefined })}
      >
        <option value="">any workflow</option>
        {search.workflow !== undefined && !workflows.data?.some(({ name }) => name === search.workflow) && (
          <option>{search.workflow}</option>
        )}
        {workflows.data?.map(({ name }) => (
          <option key={name}>{name}</option>
        ))}
      </Select>
      {(['tag', 'fingerprint', 'since'] as const).map((name) =>
        search[name] === undefined ? null : (
          <Chip key={name} onRemove={() => set({ [name]: undefined })}>
            {name} {search[name]}
          </Chip>
        ),
      )}
    </div>
  )
}

/** Asks the server when typing pauses. */
function SearchText({ text, onText }: { readonly text: string; readonly onText: (text: string) => void }) {
  const [typed, setTyped] = useState(text)
  const latest = useRef(onText)
  latest.current = onText
  useEffect(() => setTyped(text), [text])
  useEffect(() => {
    if (typed === text) return
    const timer = setTimeout(() => latest.current(typed), 250)
    return () => clearTimeout(timer)
  }, [typed, text])
  return (
    <Input
      type="search"
      className="!w-full sm:!w-64"
      aria-label="Text in id, input or tags"
      placeholder="Text in id, input or tags  /"
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
    />
  )
}

function Chip({ children, onRemove }: { readonly children: ReactNode; readonly onRemove: () => void }) {
  return (
    <span className="inline-flex h-8 items-center gap-1 rounded-md bg-raised pr-1 pl-2.5 text-xs">
      <span className="max-w-52 truncate">{children}</span>
      <button
        type="button"
        aria-label="Remove this filter"
        className="px-1.5 text-soft hover:text-ink"
        onClick={onRemove}
      >
        ✕
      </button>
    </span>
  )
}

function Rows({
  runs,
  hasMore,
  more,
}: {
  readonly runs: readonly RunState[]
  readonly hasMore: boolean
  readonly more: () => void
}) {
  const frame = useRef<HTMLDivElement>(null)
  const rowHeight = useNarrow() ? 72 : 40
  const rows = useVirtualizer({
    count: runs.length,
    getScrollElement: () => frame.current,
    estimateSize: () => rowHeight,
    overscan: 10,
  })
  // the window was made narrow or wide
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is known of each row's height no longer holds
  useEffect(() => rows.measure(), [rowHeight])
  const last = rows.getVirtualItems().at(-1)?.index ?? 0
  useEffect(() => {
    if (hasMore && last >= runs.length - 20) more()
  }, [hasMore, last, runs.length, more])
  return (
    <div className="sm:min-w-[40rem]">
      <div className={`${columns} h-8 max-sm:hidden border-b border-line text-xs font-medium text-soft`}>
        <span>Status</span>
        <span>Workflow</span>
        <span>What is the matter</span>
        <span className="text-right">Took</span>
        <span className="text-right">Started</span>
      </div>
      <div ref={frame} className="max-h-[calc(100dvh-13rem)] overflow-y-auto">
        <div className="relative" style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map(({ index, start }) => (
            <Row key={runs[index]?.id} run={runs[index] as RunState} top={start} height={rowHeight} />
          ))}
        </div>
      </div>
    </div>
  )
}

function Row({ run, top, height }: { readonly run: RunState; readonly top: number; readonly height: number }) {
  const { id, workflow, status, createdAt, updatedAt, error, wakeAt } = run
  const isOver = status === 'completed' || status === 'failed' || status === 'cancelled'
  return (
    <Link
      to="/runs/$run"
      params={{ run: id }}
      data-row
      className={`${columns} ${stacked} absolute inset-x-0 border-b border-line text-sm hover:bg-raised`}
      style={{ top, height }}
    >
      <span className="max-sm:col-start-2 max-sm:row-start-1 max-sm:text-right">
        <StatusBadge status={status} />
      </span>
      <span className="min-w-0 max-sm:col-start-1 max-sm:row-start-1">
        <span className="block truncate font-medium">{workflow}</span>
        <span className="block truncate font-mono text-[11px] leading-3 text-soft">{id}</span>
      </span>
      <span className="truncate text-xs text-soft max-sm:col-start-1 max-sm:row-start-2">
        {error !== undefined ? (
          <span className="text-bad">{errorFacts(error).message}</span>
        ) : (
          status === 'waiting' &&
          wakeAt !== undefined && (
            <>
              due <Ago at={new Date(wakeAt)} />
            </>
          )
        )}
      </span>
      <span className="text-right text-xs text-soft max-sm:hidden">
        {isOver ? formatDuration(Date.parse(updatedAt) - Date.parse(createdAt)) : '–'}
      </span>
      <span className="text-right text-xs text-soft max-sm:col-start-2 max-sm:row-start-2">
        <Ago at={new Date(createdAt)} />
      </span>
    </Link>
  )
}

function NoRuns({ isFiltered }: { readonly isFiltered: boolean }) {
  if (isFiltered)
    return (
      <Empty title="No run fits these filters.">
        <Link to="/runs" className="text-accent underline">
          Show all runs
        </Link>
      </Empty>
    )
  return (
    <Empty title="Nothing has been started yet.">
      A run is one execution of a workflow. Start one from the catalogue, from your program, or here:
      <Code>{'spanwise run <workflow> \'{"your":"input"}\''}</Code>
    </Empty>
  )
}
