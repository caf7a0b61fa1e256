import { SpanwiseError } from '../journal/index.ts'
import { type Filled, fill, template } from './template.ts'

export type { Filled } from './template.ts'

/** The names between `{{` and `}}` of a template. */
export type Variables<Template extends string> = Template extends `${string}{{${infer Name}}}${infer Rest}`
  ? Trim<Name> | Variables<Rest>
  : never
type Trim<Text extends string> = Text extends ` ${infer Rest}` | `${infer Rest} ` ? Trim<Rest> : Text

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
  text: Template,
  options: { readonly version?: string } = {},
): Prompt<Variables<Template>> {
  if (!/^[\w.-]+$/.test(id))
    throw new SpanwiseError({
      code: 'INVALID_NAME',
      message: `A prompt cannot be named ${JSON.stringify(id)}.`,
      hint: 'Use letters, digits, _ . and -, like "triage".',
    })
  const made = template(id, text, options.version)
  const filled = (values: Readonly<Record<string, string | number>> = {}): Filled => fill(made, values)
  const { version, hash } = made
  return Object.assign(filled as unknown as Prompt<Variables<Template>>, { id, version, hash })
}
