import { useState } from 'react'
import type { JsonSchema } from '../api/types.ts'
import { Button } from '../parts/button.tsx'
import { Field, TextArea } from '../parts/field.tsx'
import { type ReadJson, readJson } from '../parts/read-json.ts'
import { ValueField } from './fields.tsx'
import { blank, canForm, exampleOf } from './schema.ts'

interface SchemaInputState {
  readonly schema: JsonSchema | undefined
  readonly read: ReadJson
  readonly text: string
  readonly asJson: boolean
  readonly setValue: (value: unknown) => void
  readonly setText: (text: string) => void
  readonly setAsJson: (asJson: boolean) => void
}

/** A value that somebody fills in, by a form where its schema is one for forms, or as JSON. */
export function useSchemaInput(schema: JsonSchema | undefined): SchemaInputState {
  const isForm = canForm(schema)
  const [asJson, setAsJson] = useState(!isForm)
  const [value, setValue] = useState(() => (schema === undefined ? undefined : blank(schema)))
  const [text, setText] = useState(() =>
    schema === undefined || isForm ? '' : JSON.stringify(exampleOf(schema), undefined, 2),
  )
  const read: ReadJson = asJson ? readJson(text) : { ok: true, value }
  const turn = (toJson: boolean): void => {
    // what was typed goes along, as far as the other side can hold it
    if (toJson) setText(JSON.stringify(value, undefined, 2) ?? '')
    else if (read.ok && read.value !== undefined) setValue(read.value)
    setAsJson(toJson)
  }
  return { schema, read, text, asJson, setValue, setText, setAsJson: turn }
}

export function SchemaInput({
  label,
  input: { schema, read, text, asJson, setValue, setText, setAsJson },
}: {
  readonly label: string
  readonly input: SchemaInputState
}) {
  return (
    <>
      {asJson || schema === undefined ? (
        <Field label={`${label}, as JSON`} error={read.ok ? undefined : read.error}>
          <TextArea rows={8} value={text} onChange={(event) => setText(event.target.value)} />
        </Field>
      ) : (
        <ValueField
          name={label}
          schema={schema}
          isTop
          required
          value={read.ok ? read.value : undefined}
          onChange={setValue}
        />
      )}
      {canForm(schema) && (
        <Button look="quiet" className="!px-1" disabled={!read.ok} onClick={() => setAsJson(!asJson)}>
          {asJson ? 'Use the form' : 'Write JSON instead'}
        </Button>
      )}
    </>
  )
}
