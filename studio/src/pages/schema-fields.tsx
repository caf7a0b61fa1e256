import type { JsonSchema } from '../api/types.ts'
import { Field, Input, Select } from '../parts/field.tsx'
import type { ReadJson } from '../parts/read-json.ts'

const simple = new Set(['string', 'number', 'integer', 'boolean'])

/** An object whose properties each fit into one field. */
export function isFlat(schema: JsonSchema): boolean {
  const properties = Object.values(schema.properties ?? {})
  return (
    schema.type === 'object' &&
    properties.length > 0 &&
    properties.every(({ type, enum: values }) => values !== undefined || (typeof type === 'string' && simple.has(type)))
  )
}

export function SchemaFields({
  schema,
  values,
  onChange,
}: {
  readonly schema: JsonSchema
  readonly values: Readonly<Record<string, string>>
  readonly onChange: (values: Readonly<Record<string, string>>) => void
}) {
  return Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const required = schema.required?.includes(name) === true && property.default === undefined
    const value = values[name] ?? (property.default === undefined ? '' : String(property.default))
    const set = (text: string): void => onChange({ ...values, [name]: text })
    const choices = property.enum?.map(String) ?? (property.type === 'boolean' ? ['true', 'false'] : undefined)
    return (
      <Field key={name} label={required ? name : `${name} (may be left out)`} hint={property.description}>
        {choices === undefined ? (
          <Input
            required={required}
            type={property.type === 'string' ? 'text' : 'number'}
            step={property.type === 'integer' ? 1 : 'any'}
            value={value}
            onChange={(event) => set(event.target.value)}
          />
        ) : (
          <Select required={required} value={value} onChange={(event) => set(event.target.value)}>
            <option value="" />
            {choices.map((choice) => (
              <option key={choice}>{choice}</option>
            ))}
          </Select>
        )}
      </Field>
    )
  })
}

/** What the fields say, as the schema wants it; the server judges it again. */
export function readForm(schema: JsonSchema, values: Readonly<Record<string, string>>): ReadJson {
  const entries: [string, unknown][] = []
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const text = values[name]
    const required = schema.required?.includes(name) === true
    if (text === undefined || (text === '' && !(required && property.type === 'string'))) continue
    const choice = property.enum?.find((one) => String(one) === text)
    if (choice !== undefined) entries.push([name, choice])
    else if (property.type === 'boolean') entries.push([name, text === 'true'])
    else if (property.type === 'string') entries.push([name, text])
    else if (Number.isFinite(Number(text))) entries.push([name, Number(text)])
    else return { ok: false, error: `${name} is no number.` }
  }
  return { ok: true, value: Object.fromEntries(entries) }
}
