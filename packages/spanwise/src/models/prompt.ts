import { hash } from 'node:crypto'
import { SpanwiseError } from '../journal/index.ts'

/** The names between `{{` and `}}` of a template. */
export type Variables<Template extends string> = Template extends `${string}{{${infer Name}}}${infer Rest}`
  ? Trim<Name> | Variables<Rest>
  : never
type Trim<Text extends string> = Text extends ` ${infer Rest}` | `${infer Rest} ` ? Trim<Rest> : Text

/** What a call is given: spread it into the options of `generateText` and the like. */
export interface Filled {
  readonly prompt: string
  /** says to the gateway which prompt it was; no provider is sent it */
  readonly providerOptions: {
    readonly spanwise: { readonly prompt: { readonly id: string; readonly version: string; readonly hash: string } }
  }
}

export interface Prompt<Name extends string> {
  (...values: [Name] extends [never] ? [] : [values: Readonly<Record<Name, string | number>>]): Filled
  readonly id: string
  readonly version: string
  /** of the template */
  readonly hash: string
}

/**
 * A prompt with a name: calls that are made with it say so in their record, with version and hash.
 * @param options a version of your own; the beginning of the hash when absent, so that every change is another version
 * @example
 * const triage = prompt('triage', 'Is this mail urgent? {{mail}}')
 * await generateText({ model: models('fast'), ...triage({ mail }) })
 */
export function prompt<const Template extends string>(
  id: string,
  template: Template,
  options: { readonly version?: string } = {},
): Prompt<Variables<Template>> {
  if (!/^[\w.-]+$/.test(id))
    throw new SpanwiseError({
      code: 'INVALID_NAME',
      message: `A prompt cannot be named ${JSON.stringify(id)}.`,
      hint: 'Use letters, digits, _ . and -, like "triage".',
    })
  const digest = hash('sha256', template, 'hex')
  const version = options.version ?? digest.slice(0, 8)
  const said = { id, version, hash: digest }
  const fill = (values: Readonly<Record<string, string | number>> = {}): Filled => ({
    prompt: template.replace(/\{\{\s*([^{}]*?)\s*\}\}/g, (_, name: string) => {
      // an inherited property is no value
      if (!Object.hasOwn(values, name) || values[name] === undefined)
        throw new SpanwiseError({
          code: 'INVALID_INPUT',
          message: `Prompt "${id}" needs a value for "${name}".`,
          hint: 'Give every name between {{ and }} a string or a number.',
        })
      return String(values[name])
    }),
    providerOptions: { spanwise: { prompt: said } },
  })
  return Object.assign(fill as unknown as Prompt<Variables<Template>>, { id, version, hash: digest })
}
