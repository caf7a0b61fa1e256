import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { acts, given, useAct } from '../api/queries.ts'
import type { WorkflowInfo } from '../api/types.ts'
import { SchemaInput, useSchemaInput } from '../form/schema-input.tsx'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Field, Input } from '../parts/field.tsx'
import { Problem } from '../parts/problem.tsx'

/** A run from a form where the input's schema is simple enough for one, from JSON where not. */
export function StartDialog({ workflow, onClose }: { readonly workflow: WorkflowInfo; readonly onClose: () => void }) {
  const navigate = useNavigate()
  const input = useSchemaInput(workflow.input)
  const [id, setId] = useState('')
  const { read } = input
  const start = useAct(() =>
    acts.start({
      workflow: workflow.name,
      ...given({ input: read.ok ? read.value : undefined, id: id === '' ? undefined : id }),
    }),
  )
  return (
    <Dialog open onClose={onClose} title={`Start ${workflow.name}`} about="It is durable as soon as it has started.">
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          start.mutate(undefined, { onSuccess: (run) => void navigate({ to: '/runs/$run', params: { run: run.id } }) })
        }}
      >
        <SchemaInput label="Input" input={input} />
        <Field label="Id" hint="Yours, if you have one: the same id is the same run, started once.">
          <Input value={id} onChange={(event) => setId(event.target.value)} />
        </Field>
        {start.error !== null && <Problem error={start.error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Close</Button>
          <Button look="primary" type="submit" disabled={!read.ok || start.isPending}>
            Start
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
