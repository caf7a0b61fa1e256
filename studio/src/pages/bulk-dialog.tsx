import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { acts, given, useAct } from '../api/queries.ts'
import type { BulkResult, RunStatus } from '../api/types.ts'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Field, Input, Select } from '../parts/field.tsx'
import { Problem } from '../parts/problem.tsx'
import { RunLink } from '../parts/run-link.tsx'

const hows = {
  resume: 'Resume them',
  cancel: 'Cancel them',
  'give-up': 'Give them up',
} as const

type How = keyof typeof hows

const bulk = { resume: acts.resumeAll, cancel: acts.cancelAll, 'give-up': acts.giveUpAll } as const

interface Target {
  readonly workflow?: string
  readonly status?: RunStatus
  readonly fingerprint?: string
  readonly tag?: string
  readonly text?: string
  readonly since?: string
}

/** The same for many runs: first what it would do, then doing it. */
export function BulkDialog({
  target,
  how: first = 'resume',
  onClose,
}: {
  readonly target: Target
  readonly how?: How
  readonly onClose: () => void
}) {
  const [how, setHow] = useState<How>(first)
  const [reason, setReason] = useState('')
  const { workflow, status, fingerprint, tag } = target
  const filter = given({ workflow, status, fingerprint, tags: tag === undefined ? undefined : [tag] })
  // the server can do with all only what it can name without reading payloads
  const tooNarrow = target.text !== undefined || target.since !== undefined
  const isNamed = Object.keys(filter).length > 0 && !tooNarrow
  const preview = useQuery({
    queryKey: ['bulk', how, filter],
    queryFn: () => bulk[how]({ ...filter, dryRun: true }),
    enabled: isNamed,
  })
  const all = useAct(() => bulk[how]({ ...filter, ...(how === 'resume' || reason === '' ? {} : { reason }) }))
  return (
    <Dialog
      open
      onClose={onClose}
      title="Do with all of these runs"
      about={<span className="font-mono text-xs">{JSON.stringify(filter)}</span>}
    >
      {!isNamed ? (
        <p className="text-sm">
          Filter by workflow, status, tag or failure. A search for text, or since a time, cannot be done with all at
          once: remove it.
        </p>
      ) : (
        <div className="space-y-4">
          <Field label="What">
            <Select value={how} onChange={(event) => setHow(event.target.value as How)} disabled={all.isPending}>
              {Object.entries(hows).map(([value, name]) => (
                <option key={value} value={value}>
                  {name}
                </option>
              ))}
            </Select>
          </Field>
          {how !== 'resume' && (
            <Field label="Reason" hint="Kept in the history of each.">
              <Input value={reason} onChange={(event) => setReason(event.target.value)} />
            </Field>
          )}
          {preview.error !== null && <Problem error={preview.error} />}
          {preview.data !== undefined && all.data === undefined && <Preview plan={preview.data} />}
          {all.error !== null && <Problem error={all.error} />}
          {all.data !== undefined && (
            <p role="status" className="rounded-md bg-good-tint px-3 py-2 text-sm text-good">
              {all.data.done} of {all.data.matched} told so
              {all.data.skipped.length > 0 && `, ${all.data.skipped.length} left out`}.
            </p>
          )}
          <div className="flex justify-end gap-2">
            <Button onClick={onClose}>Close</Button>
            {all.data === undefined && (
              <Button
                look={how === 'resume' ? 'primary' : 'danger'}
                disabled={all.isPending || (preview.data?.matched ?? 0) === 0}
                onClick={() => all.mutate(undefined)}
              >
                {all.isPending ? 'Doing it…' : `${hows[how].replace('them', `${preview.data?.matched ?? ''} runs`)}`}
              </Button>
            )}
          </div>
        </div>
      )}
    </Dialog>
  )
}

function Preview({ plan }: { readonly plan: BulkResult }) {
  const repeats = plan.plans.filter((one) => one.repeats.length > 0)
  return (
    <div className="rounded-md border border-line px-3 py-2 text-sm">
      <p>
        It would reach <b>{plan.matched}</b> run{plan.matched === 1 ? '' : 's'}
        {plan.skipped.length > 0 && `; ${plan.skipped.length} would be left out`}.
      </p>
      {repeats.length > 0 && (
        <p className="mt-1 text-warn">In {repeats.length} of them, effects that happened before may happen again.</p>
      )}
      <ul className="mt-2 max-h-40 space-y-0.5 overflow-y-auto text-xs">
        {plan.plans.slice(0, 100).map((one) => (
          <li key={one.run} className="flex gap-2">
            <RunLink run={one.run} />
            <span className="text-soft">
              {one.workflow}
              {one.from !== undefined && `, from ${one.from}`}
            </span>
          </li>
        ))}
        {plan.skipped.slice(0, 20).map((one) => (
          <li key={one.run} className="flex gap-2">
            <RunLink run={one.run} />
            <span className="text-warn">{one.why}</span>
          </li>
        ))}
      </ul>
    </div>
  )
}
