import { hash } from 'node:crypto'
import { SpanwiseError } from '../journal/index.ts'

export type Value = string | number | boolean

/** What a variable may be; `text` where nothing is said: a string or a number. */
export interface Variable {
  readonly type: 'text' | 'string' | 'number' | 'boolean'
  readonly optional: boolean
}

/** A prompt with places in it, and what it is known by. */
export interface Template {
  readonly id: string
  readonly version: string
  /** SHA-256 of the text */
  readonly hash: string
  readonly text: string
  readonly variables: ReadonlyMap<string, Variable>
}

/** What a call is given: spread it into the options of `generateText` and the like. */
export interface Filled {
  readonly prompt: string
  /** says to the gateway which prompt it was; no provider is sent it */
  readonly providerOptions: {
    readonly spanwise: { readonly prompt: { readonly id: string; readonly version: string; readonly hash: string } }
  }
}

const place = /\{\{\s*([^{}]*?)\s*\}\}/g

/** Names between `{{` and `}}`, each once. */
export function placesOf(text: string): readonly string[] {
  return [...new Set([...text.matchAll(place)].map(([, name]) => name as string))]
}

/** @param version the beginning of the hash when absent, so that every change is another version */
export function template(
  id: string,
  text: string,
  version: string | undefined,
  variables: ReadonlyMap<string, Variable> = new Map(
    placesOf(text).map((name) => [name, { type: 'text', optional: false }]),
  ),
): Template {
  const digest = hash('sha256', text, 'hex')
  return { id, version: version ?? digest.slice(0, 8), hash: digest, text, variables }
}

/** @throws INVALID_INPUT where a value is missing, is none of the prompt's, or is of another type */
export function fill(
  { id, version, hash, text, variables }: Template,
  values: Readonly<Record<string, Value>>,
): Filled {
  for (const name of Object.keys(values))
    if (!variables.has(name)) {
      const names = [...variables.keys()]
      throw refused(
        `Prompt "${id}" has no place for "${name}".`,
        names.length === 0 ? 'It takes no values.' : `It has: ${names.join(', ')}.`,
      )
    }
  for (const [name, { type, optional }] of variables) {
    // an inherited property is no value
    const value: unknown = Object.hasOwn(values, name) ? values[name] : undefined
    if (value === undefined && optional) continue
    if (value === undefined)
      throw refused(`Prompt "${id}" needs a value for "${name}".`, 'Give every name between {{ and }} a value.')
    const fits = type === 'text' ? typeof value === 'string' || typeof value === 'number' : typeof value === type
    if (!fits)
      throw refused(
        `"${name}" of prompt "${id}" has to be ${type === 'text' ? 'a string or a number' : `a ${type}`}, and is ${kind(value)}.`,
        'Give it another value, or declare another type.',
      )
  }
  const prompt = text.replace(place, (_, name: string) =>
    Object.hasOwn(values, name) ? String(values[name] ?? '') : '',
  )
  return { prompt, providerOptions: { spanwise: { prompt: { id, version, hash } } } }
}

function kind(value: unknown): string {
  return value === null
    ? 'null'
    : Array.isArray(value)
      ? 'a list'
      : typeof value === 'object'
        ? 'an object'
        : `a ${typeof value}`
}

function refused(message: string, hint: string): SpanwiseError {
  return new SpanwiseError({ code: 'INVALID_INPUT', message, hint })
}
