import { compile, type JsonSchema, type Variables } from '../cel/index.ts'
import { invalidDefinition } from './text.ts'

/** How a function stands in a definition: one expression, one for each key, or the name of a component. */
export type Written = string | Readonly<Record<string, string>>

export type Values = Readonly<Record<string, unknown>>

/** Finds a component. `path` is where it is named. */
export type Resolve = (ref: string, path: string) => unknown

interface Expected<A extends readonly unknown[]> {
  readonly path: string
  readonly variables: Variables
  /** what the variables are, of what the function is called with */
  readonly given: (...args: A) => Values
  /** JSON Schema of what it gives */
  readonly gives?: JsonSchema | undefined
}

const texts = new WeakMap<object, Written>()
const refs = new WeakMap<object, string>()

/** The same, and what it finds is known by that name when it is written down. */
export function remembering(resolve: Resolve): Resolve {
  return (ref, path) => {
    const found = resolve(ref, path)
    if ((typeof found === 'object' && found !== null) || typeof found === 'function') refs.set(found, ref)
    return found
  }
}

/** What a component was called in the definition that named it. */
export function refOf(component: unknown): string | undefined {
  return refs.get(component as object)
}

/** What a function was made of; undefined where it is code. */
export function writtenOf(fn: object): Written | undefined {
  return texts.get(fn)
}

export function isUse(what: unknown): what is { readonly use: string } {
  if (typeof what !== 'object' || what === null) return false
  return typeof (what as { use?: unknown }).use === 'string' && Object.keys(what).length === 1
}

/**
 * The function that stands there; undefined where nothing does.
 * @throws EXPRESSION_INVALID, DEFINITION_INVALID
 */
export function readFunction<A extends readonly unknown[]>(
  what: Written | undefined,
  resolve: Resolve,
  { path, variables, given, gives }: Expected<A>,
): ((...args: A) => unknown) | undefined {
  if (what === undefined) return undefined
  if (isUse(what)) return resolve(what.use, `${path}.use`) as (...args: A) => unknown
  const evaluate = made(what, variables, path, gives)
  const fn = (...args: A): unknown => evaluate(given(...args))
  texts.set(fn, what)
  return fn
}

function made(what: Written, variables: Variables, path: string, schema?: JsonSchema): (values: Values) => unknown {
  if (typeof what === 'string') {
    const expression = compile(what, variables, path, schema)
    return (values) => expression.evaluate(values)
  }
  const keys = Object.entries(what).map(([key, text]) => {
    const { properties, additionalProperties } = schema ?? {}
    const wanted = properties?.[key] ?? (additionalProperties === undefined ? true : additionalProperties)
    if (
      properties !== undefined &&
      (wanted === false || (properties[key] === undefined && additionalProperties === undefined))
    )
      throw invalidDefinition(`${path}.${key}: there is no such key; there are ${Object.keys(properties).join(', ')}.`)
    return [key, compile(text, variables, `${path}.${key}`, wanted)] as const
  })
  return (values) => Object.fromEntries(keys.map(([key, expression]) => [key, expression.evaluate(values)]))
}
