import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { acts, given, useAct } from '../api/queries.ts'
import type { RunDetail, RunEvent } from '../api/types.ts'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Field, Select, TextArea } from '../parts/field.tsx'
import { Problem } from '../parts/problem.tsx'
import { readJson } from '../parts/read-json.ts'

type Edit = 'none' | 'input' | 'result'

/** A new run that has this one's history before the entry; dry, unless effects are allowed. */
export function ForkDialog({
  run,
  event,
  onClose,
}: {
  readonly run: RunDetail
  readonly event: RunEvent
  readonly onClose: () => void
}) {
  const navigate = useNavigate()
  const [edit, setEdit] = useState<Edit>('none')
  const [text, setText] = useState(() => JSON.stringify(inputOf(run, event), undefined, 2) ?? '')
  const [real, setReal] = useState(false)
  const value = edit === 'none' ? undefined : readJson(text)
  const order = {
    run: run.id,
    from: event.index,
    ...given({
      edit: value?.ok === true ? editOf(edit, value.value) : undefined,
      allow: real ? ['*'] : undefined,
    }),
  }
  const plan = useQuery({
    queryKey: ['fork-plan', run.id, event.index],
    queryFn: () => acts.planFork(run.id, event.index),
  })
  const fork = useAct(() => acts.fork(order))
  const isWrong = value !== undefined && !value.ok
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Fork from entry ${event.index}`}
      about={
        plan.data === undefined ? (
          'Looking what it would keep…'
        ) : (
          <>
            Keeps {plan.data.keeps} entries
            {plan.data.redoes !== undefined && (
              <>
                , does <code>{plan.data.redoes}</code> again
              </>
            )}
            {plan.data.decided > 0 && `; ${plan.data.decided} approvals are history in it, not authority`}.
          </>
        )
      }
    >
      <form
        className="space-y-4"
        onSubmit={(submitted) => {
          submitted.preventDefault()
          fork.mutate(undefined, {
            onSuccess: ({ id }) => void navigate({ to: '/runs/$run', params: { run: id } }),
          })
        }}
      >
        {plan.error !== null && <Problem error={plan.error} />}
        <Field label="Change">
          <Select value={edit} onChange={(changed) => setEdit(changed.target.value as Edit)}>
            <option value="none">nothing: the same again</option>
            <option value="input">the input of this {event.key === '' ? 'run' : 'step'}</option>
            {event.key !== '' && <option value="result">the result of this step, without executing it</option>}
          </Select>
        </Field>
        {edit !== 'none' && (
          <Field label="Value, as JSON" error={isWrong ? value.error : undefined}>
            <TextArea rows={8} value={text} onChange={(changed) => setText(changed.target.value)} />
          </Field>
        )}
        <label className="flex items-start gap-2 text-sm">
          <input
            type="checkbox"
            className="mt-1"
            checked={real}
            onChange={(changed) => setReal(changed.target.checked)}
          />
          <span>
            Let effects happen
            <span className="block text-xs text-soft">
              Without this it is dry: it parks before the first step that is not safe to repeat.
            </span>
          </span>
        </label>
        {fork.error !== null && <Problem error={fork.error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Close</Button>
          <Button look="primary" type="submit" disabled={isWrong || fork.isPending}>
            Fork
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function inputOf(run: RunDetail, event: RunEvent): unknown {
  if (event.key === '') return run.input
  return (event.payload as { input?: unknown } | undefined)?.input
}

function editOf(edit: Edit, value: unknown) {
  if (edit === 'none') return undefined
  return edit === 'input' ? { input: value } : { result: value }
}
