import { existsSync, readFileSync } from 'node:fs'
import type { ForkOptions } from '../engine/index.ts'
import { parseJson } from './input.ts'
import { usage } from './usage.ts'

/** What is put in the place of inputs and results. */
export interface Edits {
  readonly edit?: { readonly input: unknown } | { readonly result: unknown }
  readonly results?: Readonly<Record<string, unknown>>
}

/**
 * `--edit-input` takes JSON or a file of it; `--edit-result` JSON for the step in question, or `key=json`, as often as there are
 * steps.
 */
export function readEdits(input: string | undefined, results: readonly string[] | undefined): Edits {
  const own: unknown[] = []
  const byKey: Record<string, unknown> = {}
  for (const text of results ?? []) {
    const [key, value] = readResult(text)
    if (key === undefined) own.push(value)
    else byKey[key] = value
  }
  if (own.length + (input === undefined ? 0 : 1) > 1) {
    throw usage(
      'Either the input or the result of the step is edited.',
      'Give one of --edit-input and --edit-result; results of other steps are given as --edit-result key=json.',
    )
  }
  return {
    ...(input !== undefined
      ? { edit: { input: readJson(input, '--edit-input') } }
      : own.length > 0
        ? { edit: { result: own[0] } }
        : {}),
    ...(Object.keys(byKey).length === 0 ? {} : { results: byKey }),
  }
}

/** A fork may go on from another state too. */
export function readForkEdits(
  input: string | undefined,
  results: readonly string[] | undefined,
  state: string | undefined,
): Pick<ForkOptions, 'edit' | 'results'> {
  const edits = readEdits(input, results)
  if (state === undefined) return edits
  if (edits.edit === undefined) return { ...edits, edit: { state: readJson(state, '--edit-state') } }
  throw usage('Either a state or a step is edited.', 'Give --edit-state alone, or with results as key=json.')
}

function readJson(text: string, option: string): unknown {
  if (!existsSync(text)) return parseJson(text, `The value of ${option}`)
  return parseJson(readFileSync(text, 'utf8'), `The file ${text}`)
}

function readResult(text: string): [string | undefined, unknown] {
  const at = text.indexOf('=')
  if (at > 0 && !/^\s*["{[]/.test(text)) {
    return [text.slice(0, at), parseJson(text.slice(at + 1), `The result of ${text.slice(0, at)}`)]
  }
  return [undefined, parseJson(text, 'The value of --edit-result')]
}
