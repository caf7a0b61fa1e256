import { Link } from '@tanstack/react-router'
import { errorFacts } from '../api/problem.ts'
import { acts, useAct, useApprovals } from '../api/queries.ts'
import type { RunDetail } from '../api/types.ts'
import { ApprovalCard } from '../pages/approval-card.tsx'
import { Button } from '../parts/button.tsx'
import { JsonView } from '../parts/json.tsx'
import { Problem } from '../parts/problem.tsx'
import { Ago } from '../parts/time.tsx'
import type { Operation } from './operations.ts'

/** What one comes to a run's page for: what went wrong and how to go on, what it waits for, what it answered. */
export function AtAGlance({
  run,
  operations,
  onSelect,
}: {
  readonly run: RunDetail
  readonly operations: readonly Operation[]
  readonly onSelect: (entry: number) => void
}) {
  const { status } = run
  if (status === 'needs attention' || status === 'failed')
    return <Wrong run={run} operations={operations} onSelect={onSelect} />
  if (status === 'waiting' || status === 'queued') return <Waiting run={run} operations={operations} />
  if (status === 'completed' && run.result !== undefined)
    return (
      <div className="max-h-48 overflow-auto rounded-lg border border-line bg-panel px-4 py-3">
        <h2 className="mb-1 text-xs font-medium text-soft">Result</h2>
        <JsonView value={run.result} />
      </div>
    )
  return null
}

function Wrong({
  run,
  operations,
  onSelect,
}: {
  readonly run: RunDetail
  readonly operations: readonly Operation[]
  readonly onSelect: (entry: number) => void
}) {
  const resume = useAct(() => acts.resume(run.id))
  const { name, message, code } = errorFacts(run.error)
  const failing = operations.findLast(({ state, isSuperseded }) => state === 'failed' && !isSuperseded)
  const entry = failing?.entries.at(-1)?.index
  const canResume = run.status === 'needs attention'
  return (
    <div className="rounded-lg border border-bad/40 bg-bad-tint px-4 py-3">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0">
          <p className="text-xs text-soft">
            {canResume ? 'It needs attention. Nothing is lost: mend the cause, then resume.' : 'It failed for good.'}
          </p>
          <p className="mt-1 font-medium break-words text-bad">
            {name}: {message}
          </p>
          <p className="mt-1 flex flex-wrap gap-x-4 text-xs">
            {code !== undefined && <code>{code}</code>}
            {failing !== undefined && entry !== undefined && (
              <button type="button" className="underline" onClick={() => onSelect(entry)}>
                at {failing.key}
                {failing.attempts.length > 1 && `, after ${failing.attempts.length} attempts`}
              </button>
            )}
            {run.fingerprint !== undefined && (
              <Link to="/runs" search={{ fingerprint: run.fingerprint }} className="underline">
                runs with the same failure
              </Link>
            )}
          </p>
        </div>
        {canResume && (
          <Button look="primary" disabled={resume.isPending} onClick={() => resume.mutate(undefined)}>
            Resume
          </Button>
        )}
      </div>
      {resume.error !== null && (
        <div className="mt-3">
          <Problem error={resume.error} />
        </div>
      )}
    </div>
  )
}

function Waiting({ run, operations }: { readonly run: RunDetail; readonly operations: readonly Operation[] }) {
  const approvals = useApprovals({ run: run.id })
  const children = operations.filter(({ kind, state }) => kind === 'child' && state === 'open')
  return (
    <div className="space-y-3">
      {approvals.data?.items.map((approval) => (
        <ApprovalCard key={approval.id} approval={approval} withRun={false} />
      ))}
      {approvals.data?.items.length === 0 && (
        <p className="rounded-lg border border-line bg-panel px-4 py-3 text-sm">
          It waits
          {run.wakeAt !== undefined && (
            <>
              {' '}
              and is due <Ago at={new Date(run.wakeAt)} />
            </>
          )}
          {children.length > 0 && <> for {children.length} child runs</>}. Waiting costs a row in the store, nothing
          else.
        </p>
      )}
    </div>
  )
}
