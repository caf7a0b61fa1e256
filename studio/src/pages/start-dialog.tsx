import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { acts, given, useAct } from '../api/queries.ts'
import type { JsonSchema, WorkflowInfo } from '../api/types.ts'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Field, Input, TextArea } from '../parts/field.tsx'
import { Problem } from '../parts/problem.tsx'
import { readJson } from '../parts/read-json.ts'
import { isFlat, readForm, SchemaFields } from './schema-fields.tsx'

/** A run from a form where the input's schema is simple enough for one, from JSON where not. */
export function StartDialog({ workflow, onClose }: { readonly workflow: WorkflowInfo; readonly onClose: () => void }) {
  const navigate = useNavigate()
  const canForm = workflow.input !== undefined && isFlat(workflow.input)
  const [asJson, setAsJson] = useState(!canForm)
  const [text, setText] = useState(() => example(workflow.input))
  const [fields, setFields] = useState<Readonly<Record<string, string>>>({})
  const [id, setId] = useState('')
  const typed = asJson ? readJson(text) : readForm(workflow.input as JsonSchema, fields)
  const start = useAct(() =>
    acts.start({
      workflow: workflow.name,
      ...given({ input: typed.ok ? typed.value : undefined, id: id === '' ? undefined : id }),
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
        {asJson ? (
          <Field label="Input, as JSON" error={typed.ok ? undefined : typed.error}>
            <TextArea rows={9} value={text} onChange={(event) => setText(event.target.value)} />
          </Field>
        ) : (
          <SchemaFields schema={workflow.input as JsonSchema} values={fields} onChange={setFields} />
        )}
        {canForm && (
          <Button look="quiet" onClick={() => setAsJson(!asJson)}>
            {asJson ? 'Use the form' : 'Write JSON instead'}
          </Button>
        )}
        <Field label="Id" hint="Yours, if you have one: the same id is the same run, started once.">
          <Input value={id} onChange={(event) => setId(event.target.value)} />
        </Field>
        {start.error !== null && <Problem error={start.error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Close</Button>
          <Button look="primary" type="submit" disabled={!typed.ok || start.isPending}>
            Start
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function example(schema: JsonSchema | undefined): string {
  const value = schema === undefined ? undefined : exampleOf(schema)
  return value === undefined ? '' : JSON.stringify(value, undefined, 2)
}

function exampleOf(schema: JsonSchema): unknown {
  if (schema.default !== undefined) return schema.default
  if (schema.enum !== undefined) return schema.enum[0]
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case 'object':
      return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, one]) => [name, exampleOf(one)]))
    case 'array':
      return schema.items === undefined ? [] : [exampleOf(schema.items)]
    case 'number':
    case 'integer':
      return 0
    case 'boolean':
      return false
    case 'string':
      return ''
    default:
      return null
  }
}
