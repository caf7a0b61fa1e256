import { useState } from 'react'
import { acts, given, useAct, useArchives, useWorkflows } from '../api/queries.ts'
import { Button } from '../parts/button.tsx'
import { Field, Select } from '../parts/field.tsx'
import { formatCount } from '../parts/format.ts'
import { Panel } from '../parts/panel.tsx'
import { Problem } from '../parts/problem.tsx'
import { RunLink } from '../parts/run-link.tsx'
import { Ago } from '../parts/time.tsx'
import { StandingRules } from './standing-rules.tsx'

/** A rule of retention, applied now: first it says what it would let go. */
export function Retention() {
  const workflows = useWorkflows()
  const archives = useArchives()
  const [status, setStatus] = useState<'' | 'completed' | 'failed' | 'cancelled'>('completed')
  const [workflow, setWorkflow] = useState('')
  const [keep, setKeep] = useState('90d')
  const [action, setAction] = useState<'archive' | 'delete'>('archive')
  const rule = {
    keep,
    action,
    ...given({ status: status === '' ? undefined : status, workflow: workflow === '' ? undefined : workflow }),
  }
  const look = useAct(() => acts.retain({ rules: [rule], dryRun: true }))
  const apply = useAct(() => acts.retain({ rules: [rule] }))
  const changed = (): void => {
    look.reset()
    apply.reset()
  }
  const found = look.data === undefined ? 0 : look.data.archived + look.data.deleted
  return (
    <Panel title="Retention">
      <p className="mb-3 text-sm text-soft">
        Runs that ended long ago are archived into files, where they can still be read, or deleted. What a legal hold is
        on stays.
      </p>
      <StandingRules />
      <h3 className="mt-4 mb-2 text-xs font-medium text-soft">Apply a rule now</h3>
      <form
        className="space-y-3"
        onChange={changed}
        onSubmit={(event) => {
          event.preventDefault()
          look.mutate(undefined)
        }}
      >
        <div className="grid gap-3 sm:grid-cols-2">
          <Field label="Runs that">
            <Select value={status} onChange={(event) => setStatus(event.target.value as typeof status)}>
              <option value="completed">completed</option>
              <option value="failed">failed</option>
              <option value="cancelled">were cancelled</option>
              <option value="">ended in any way</option>
            </Select>
          </Field>
          <Field label="Of">
            <Select value={workflow} onChange={(event) => setWorkflow(event.target.value)}>
              <option value="">any workflow</option>
              {workflows.data?.map(({ name }) => (
                <option key={name}>{name}</option>
              ))}
            </Select>
          </Field>
          <Field label="Longer ago than">
            <Select value={keep} onChange={(event) => setKeep(event.target.value)}>
              {['1d', '7d', '30d', '90d', '184d', '365d'].map((one) => (
                <option key={one} value={one}>
                  {one.replace('d', one === '1d' ? ' day' : ' days')}
                </option>
              ))}
            </Select>
          </Field>
          <Field label="Are">
            <Select value={action} onChange={(event) => setAction(event.target.value as typeof action)}>
              <option value="archive">archived</option>
              <option value="delete">deleted</option>
            </Select>
          </Field>
        </div>
        {look.error !== null && <Problem error={look.error} />}
        {apply.error !== null && <Problem error={apply.error} />}
        {look.data !== undefined && apply.data === undefined && (
          <div className="rounded-md border border-line px-3 py-2 text-sm">
            It would reach <b>{formatCount(found)}</b> run{found === 1 ? '' : 's'}.
            <p className="mt-1 flex flex-wrap gap-2">
              {look.data.runs.slice(0, 10).map((run) => (
                <RunLink key={run} run={run} />
              ))}
            </p>
          </div>
        )}
        {apply.data !== undefined && (
          <p role="status" className="rounded-md bg-good-tint px-3 py-2 text-sm text-good">
            {formatCount(apply.data.archived)} archived, {formatCount(apply.data.deleted)} deleted.
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button type="submit" disabled={look.isPending}>
            What would it reach?
          </Button>
          {found > 0 && apply.data === undefined && (
            <Button look="danger" disabled={apply.isPending} onClick={() => apply.mutate(undefined)}>
              {action === 'archive' ? 'Archive' : 'Delete'} {formatCount(found)} run{found === 1 ? '' : 's'}
            </Button>
          )}
        </div>
      </form>
      {(archives.data?.length ?? 0) > 0 && (
        <>
          <h3 className="mt-4 mb-1 text-xs font-medium text-soft">Archives</h3>
          <ul className="space-y-0.5 text-xs">
            {archives.data?.map(({ file, runs, at }) => (
              <li key={file} className="flex justify-between gap-3">
                <code className="truncate">{file}</code>
                <span className="whitespace-nowrap">
                  {formatCount(runs)} runs · <Ago at={new Date(at)} />
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </Panel>
  )
}
