import type { JsonSchema } from '../api/types.ts'
import { Button } from '../parts/button.tsx'
import { Field, Input, Select, TextArea } from '../parts/field.tsx'
import { blank, choicesOf, type Fields, plain, present } from './schema.ts'

interface ValueFieldProps {
  readonly name: string
  readonly schema: JsonSchema
  readonly required: boolean
  readonly value: unknown
  readonly onChange: (value: unknown) => void
  /** the whole: its fields need no frame of their own */
  readonly isTop?: boolean
}

/** The field, or the group of fields, that a part of a schema asks for; the server judges what is in it again. */
export function ValueField(props: ValueFieldProps) {
  const schema = plain(props.schema) ?? props.schema
  if (choicesOf(schema) !== undefined) return <ChoiceField {...props} schema={schema} />
  if (schema.type === 'object') return <ObjectField {...props} schema={schema} />
  if (schema.type === 'array') return <ListField {...props} schema={schema} />
  if (schema.type === 'string') return <TextField {...props} schema={schema} />
  return <NumberField {...props} schema={schema} />
}

function labelOf({ name, schema, required }: ValueFieldProps): string {
  const label = schema.title ?? name
  return required ? label : `${label} (may be left out)`
}

function hintOf({ description, default: usual }: JsonSchema): string | undefined {
  const text = usual === undefined || isEmpty(usual) ? undefined : `${JSON.stringify(usual)} when left out`
  return description === undefined ? text : text === undefined ? description : `${description}; ${text}`
}

function isEmpty(usual: unknown): boolean {
  return usual === '' || (typeof usual === 'object' && usual !== null && Object.keys(usual).length === 0)
}

function ChoiceField(props: ValueFieldProps) {
  const { schema, required, value, onChange } = props
  const choices = choicesOf(schema) ?? []
  const at = choices.indexOf(value)
  return (
    <Field label={labelOf(props)} hint={hintOf(schema)}>
      <Select
        required={required}
        value={at === -1 ? '' : String(choices[at])}
        onChange={(event) => onChange(choices.find((one) => String(one) === event.target.value))}
      >
        <option value="" />
        {choices.map((choice) => (
          <option key={String(choice)} value={String(choice)}>
            {choice === true ? 'yes' : choice === false ? 'no' : String(choice)}
          </option>
        ))}
      </Select>
    </Field>
  )
}

/** longer texts get more lines */
const longText = 200
const inputTypes: Readonly<Record<string, string>> = {
  date: 'date',
  'date-time': 'datetime-local',
  email: 'email',
  uri: 'url',
}

function TextField(props: ValueFieldProps) {
  const { schema, required, value, onChange } = props
  const { format = '', minLength, maxLength } = schema
  const text = typeof value === 'string' ? value : ''
  const set = (typed: string): void =>
    onChange(typed === '' ? undefined : format === 'date-time' ? new Date(typed).toISOString() : typed)
  const common = { required, minLength, maxLength }
  return (
    <Field label={labelOf(props)} hint={hintOf(schema)}>
      {(maxLength ?? 0) > longText ? (
        <TextArea {...common} rows={4} value={text} onChange={(event) => set(event.target.value)} />
      ) : (
        <Input
          {...common}
          type={inputTypes[format] ?? 'text'}
          value={format === 'date-time' ? localTime(text) : text}
          onChange={(event) => set(event.target.value)}
        />
      )}
    </Field>
  )
}

/** As a field for time on this clock has it: no zone, no seconds. */
function localTime(iso: string): string {
  const at = new Date(iso)
  if (Number.isNaN(at.getTime())) return ''
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

function NumberField(props: ValueFieldProps) {
  const { schema, required, value, onChange } = props
  return (
    <Field label={labelOf(props)} hint={hintOf(schema)}>
      <Input
        type="number"
        inputMode={schema.type === 'integer' ? 'numeric' : 'decimal'}
        required={required}
        step={schema.type === 'integer' ? 1 : 'any'}
        // what only says "a safe integer" is no bound for people
        min={bound(schema.minimum)}
        max={bound(schema.maximum)}
        value={typeof value === 'number' ? value : ''}
        onChange={(event) => onChange(event.target.value === '' ? undefined : event.target.valueAsNumber)}
      />
    </Field>
  )
}

function bound(value: number | undefined): number | undefined {
  return value === undefined || Math.abs(value) >= Number.MAX_SAFE_INTEGER ? undefined : value
}

function ObjectField(props: ValueFieldProps) {
  const { schema, required, value, onChange, isTop = false } = props
  const fields = (typeof value === 'object' && value !== null ? value : {}) as Fields
  const isUsed = required || Object.keys(fields).length > 0
  const set = (name: string, part: unknown): void => {
    const next = present({ ...fields, [name]: part })
    onChange(!required && Object.keys(next).length === 0 ? undefined : next)
  }
  const parts = Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const isNeeded = schema.required?.includes(name) === true && property.default === undefined
    return (
      <ValueField
        key={name}
        name={name}
        schema={property}
        // of an object that may be left out nothing is needed until some of it is there
        required={isNeeded && isUsed}
        value={fields[name]}
        onChange={(part) => set(name, part)}
      />
    )
  })
  if (isTop) return <div className="space-y-4">{parts}</div>
  return <Group {...props}>{parts}</Group>
}

function ListField(props: ValueFieldProps) {
  const { name, schema, required, value, onChange } = props
  const items: readonly unknown[] = Array.isArray(value) ? value : []
  const item = schema.items ?? {}
  const set = (next: readonly unknown[]): void => onChange(!required && next.length === 0 ? undefined : next)
  return (
    <Group {...props}>
      {items.map((one, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a place in the list is what an item is known by
        <div key={i} className="flex items-end gap-2">
          <div className="min-w-0 flex-1">
            <ValueField
              name={`${schema.title ?? name} ${i + 1}`}
              schema={item}
              required
              value={one}
              onChange={(part) => set(items.map((other, j) => (i === j ? part : other)))}
            />
          </div>
          <Button
            look="quiet"
            aria-label={`Remove ${schema.title ?? name} ${i + 1}`}
            onClick={() => set(items.filter((_, j) => i !== j))}
          >
            ✕
          </Button>
        </div>
      ))}
      <Button onClick={() => set([...items, blank(item)])}>Add to {schema.title ?? name}</Button>
    </Group>
  )
}

function Group(props: ValueFieldProps & { readonly children: React.ReactNode }) {
  const hint = hintOf(props.schema)
  return (
    <fieldset className="space-y-3 border-l-2 border-line pl-3">
      <legend className="mb-1 text-sm font-medium">{labelOf(props)}</legend>
      {hint !== undefined && <p className="text-xs text-soft">{hint}</p>}
      {props.children}
    </fieldset>
  )
}
