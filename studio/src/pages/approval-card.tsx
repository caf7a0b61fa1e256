import { useState } from 'react'
import { acts, given, useAct } from '../api/queries.ts'
import type { Approval } from '../api/types.ts'
import { Button } from '../parts/button.tsx'
import { Field, Input, TextArea } from '../parts/field.tsx'
import { JsonView } from '../parts/json.tsx'
import { Problem } from '../parts/problem.tsx'
import { readJson } from '../parts/read-json.ts'
import { RunLink } from '../parts/run-link.tsx'
import { Ago } from '../parts/time.tsx'

/** A question with what one must know to answer it, and the two answers; large enough for a thumb. */
export function ApprovalCard({
  approval,
  withRun = true,
}: {
  readonly approval: Approval
  readonly withRun?: boolean
}) {
  const { id, run, workflow, question, role, of, hasForm, askedAt, expiresAt, mayDecide } = approval
  const [reason, setReason] = useState('')
  const [form, setForm] = useState('')
  const value = readJson(form)
  const decide = useAct((approve: boolean) =>
    acts.decide({
      approval: id,
      approve,
      ...given({
        reason: reason === '' ? undefined : reason,
        form: approve && hasForm && value.ok ? value.value : undefined,
      }),
    }),
  )
  return (
    <article className="rounded-lg border border-warn/50 bg-panel">
      <div className="px-4 py-3">
        <h2 className="text-base font-semibold break-words">{question}</h2>
        <p className="mt-0.5 text-xs text-soft">
          {withRun && (
            <>
              {workflow} · <RunLink run={run} /> ·{' '}
            </>
          )}
          asked <Ago at={new Date(askedAt)} />
          {role !== undefined && ` of ${role}`}
          {expiresAt !== undefined && (
            <>
              , runs out <Ago at={new Date(expiresAt)} />
            </>
          )}
        </p>
        {of !== undefined && of !== null && (
          <div className="mt-3 max-h-64 overflow-auto rounded-md bg-page px-3 py-2">
            <JsonView value={of} open={3} />
          </div>
        )}
      </div>
      <div className="space-y-3 border-t border-line px-4 py-3">
        {hasForm && (
          <Field label="Answer, as JSON" error={value.ok ? undefined : value.error} hint="Needed to approve.">
            <TextArea rows={4} value={form} onChange={(event) => setForm(event.target.value)} />
          </Field>
        )}
        <Field label="Reason">
          <Input value={reason} onChange={(event) => setReason(event.target.value)} />
        </Field>
        {decide.error !== null && <Problem error={decide.error} />}
        {!mayDecide && <p className="text-xs text-warn">You cannot answer this one: it asks for another role.</p>}
        <div className="flex gap-2">
          <Button
            look="primary"
            className="!h-10 flex-1 sm:flex-none sm:px-6"
            disabled={!mayDecide || decide.isPending || !value.ok}
            onClick={() => decide.mutate(true)}
          >
            Approve
          </Button>
          <Button
            look="danger"
            className="!h-10 flex-1 sm:flex-none sm:px-6"
            disabled={!mayDecide || decide.isPending}
            onClick={() => decide.mutate(false)}
          >
            Reject
          </Button>
        </div>
      </div>
    </article>
  )
}
