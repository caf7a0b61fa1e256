import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { acts, given, useAct, useMe } from '../api/queries.ts'
import type { ErasePlan } from '../api/types.ts'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Field, Input } from '../parts/field.tsx'
import { Problem } from '../parts/problem.tsx'
import { RunLink } from '../parts/run-link.tsx'
import { StatusBadge } from '../parts/status.tsx'
import { Ago } from '../parts/time.tsx'

/** Erases a run, or all that is about a subject: first what that reaches, then why, and who agreed where two have to. */
export function EraseDialog({ run, onClose }: { readonly run?: string; readonly onClose: () => void }) {
  const [subject, setSubject] = useState('')
  const [reason, setReason] = useState('')
  const [second, setSecond] = useState('')
  const me = useMe()
  const target = run === undefined ? { subject } : { run }
  const plan = useMutation({ mutationFn: () => acts.planErasure(target) })
  const isLocal = me.data?.isLocal === true
  const erase = useAct(() =>
    acts.erase({
      ...target,
      reason,
      ...given({ [isLocal ? 'second' : 'secondKey']: second === '' ? undefined : second }),
    }),
  )
  const found = plan.data
  const canErase = found !== undefined && found.holds.length === 0
  return (
    <Dialog
      open
      onClose={onClose}
      title={run === undefined ? 'Erase a subject' : 'Erase this run'}
      about="What it holds is destroyed, with the secret that it could be guessed with. It cannot be brought back. Proofs stay valid."
    >
      {erase.data !== undefined ? (
        <div className="space-y-4">
          <p role="status" className="rounded-md bg-good-tint px-3 py-2 text-sm text-good">
            Erased by {erase.data.by}
            {erase.data.second !== undefined && `, with ${erase.data.second}`}. It is on record as entry{' '}
            {erase.data.index} of the store’s own history.
          </p>
          <p className="text-sm text-soft">
            Backups from before hold it still: delete them, or let it be erased again when one is restored.
          </p>
          <div className="flex justify-end">
            <Button onClick={onClose}>Close</Button>
          </div>
        </div>
      ) : (
        <form
          className="space-y-4"
          onSubmit={(event) => {
            event.preventDefault()
            if (found === undefined) plan.mutate()
            else erase.mutate(undefined)
          }}
        >
          {run === undefined && (
            <Field label="Subject" hint="As it was said when its runs were started: an id of a person or thing.">
              <Input
                required
                autoComplete="off"
                value={subject}
                onChange={(event) => {
                  setSubject(event.target.value)
                  plan.reset()
                }}
              />
            </Field>
          )}
          {plan.error !== null && <Problem error={plan.error} />}
          {found !== undefined && <Reach plan={found} />}
          {canErase && (
            <>
              <Field label="Reason" hint="Part of the record, which stays.">
                <Input required value={reason} onChange={(event) => setReason(event.target.value)} />
              </Field>
              {found.needsSecond && (
                <Field
                  label={isLocal ? 'Who agreed' : 'Key of the one who agrees'}
                  hint={
                    isLocal
                      ? 'Two people have to: name the other one.'
                      : 'Two people have to: the other one, an admin too, types an API key of theirs.'
                  }
                >
                  <Input
                    required
                    autoComplete="off"
                    type={isLocal ? 'text' : 'password'}
                    value={second}
                    onChange={(event) => setSecond(event.target.value)}
                  />
                </Field>
              )}
            </>
          )}
          {erase.error !== null && <Problem error={erase.error} />}
          <div className="flex justify-end gap-2">
            <Button onClick={onClose}>Keep it</Button>
            {found === undefined ? (
              <Button type="submit" disabled={plan.isPending}>
                What would it reach?
              </Button>
            ) : (
              <Button look="danger" type="submit" disabled={!canErase || erase.isPending}>
                Erase for good
              </Button>
            )}
          </div>
        </form>
      )}
    </Dialog>
  )
}

function Reach({ plan }: { readonly plan: ErasePlan }) {
  const { runs, open, holds } = plan
  return (
    <div className="space-y-2 rounded-md border border-line px-3 py-2 text-sm">
      {holds.map((hold) => (
        <p key={hold.at} className="text-bad">
          A legal hold forbids it: {hold.reason} ({hold.by}, <Ago at={new Date(hold.at)} />
          ).
        </p>
      ))}
      <p>
        It reaches <b>{runs.length}</b> run{runs.length === 1 ? '' : 's'}
        {runs.length === 0 && '; what else the store has of it, like schedules and memories, goes too'}.
        {open > 0 && ` ${open} of them ${open === 1 ? 'has' : 'have'} not ended: what needs the content parks.`}
      </p>
      {runs.length > 0 && (
        <ul className="max-h-40 space-y-1 overflow-y-auto text-xs">
          {runs.slice(0, 100).map((one) => (
            <li key={one.run} className="flex flex-wrap items-center gap-2">
              <RunLink run={one.run} /> {one.workflow} <StatusBadge status={one.status} />
              {!one.whole && <span className="text-soft">only its entries about it</span>}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
