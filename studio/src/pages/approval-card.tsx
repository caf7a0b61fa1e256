import { useState } from 'react'
import { acts, given, useAct } from '../api/queries.ts'
import type { Approval, JsonSchema } from '../api/types.ts'
import { SchemaInput, useSchemaInput } from '../form/schema-input.tsx'
import { Button } from '../parts/button.tsx'
import { Field, Input } from '../parts/field.tsx'
import { JsonView } from '../parts/json.tsx'
import { Problem } from '../parts/problem.tsx'
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
  const { id, run, workflow, question, role, of, hasForm, form, askedAt, expiresAt, mayDecide } = approval
  const [reason, setReason] = useState('')
  const input = useSchemaInput(form as JsonSchema | undefined)
  const { read } = input
  const decide = useAct((approve: boolean) =>
    acts.decide({
      approval: id,
      approve,
      ...given({
        reason: reason === '' ? undefined : reason,
        form: approve && hasForm && read.ok ? read.value : undefined,
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
      <form
        className="space-y-3 border-t border-line px-4 py-3"
        onSubmit={(event) => {
          event.preventDefault()
          decide.mutate(true)
        }}
      >
        {hasForm && <SchemaInput label="Answer" input={input} />}
        <Field label="Reason">
          <Input value={reason} onChange={(event) => setReason(event.target.value)} />
        </Field>
        {decide.error !== null && <Problem error={decide.error} />}
        {!mayDecide && <p className="text-xs text-warn">You cannot answer this one: it asks for another role.</p>}
        <div className="flex gap-2">
          <Button
            look="primary"
            type="submit"
            className="sm:!h-10 flex-1 sm:flex-none sm:px-6"
            disabled={!mayDecide || decide.isPending || (hasForm && !read.ok)}
          >
            Approve
          </Button>
          <Button
            look="danger"
            className="sm:!h-10 flex-1 sm:flex-none sm:px-6"
            disabled={!mayDecide || decide.isPending}
            onClick={() => decide.mutate(false)}
          >
            Reject
          </Button>
        </div>
      </form>
    </article>
  )
}
