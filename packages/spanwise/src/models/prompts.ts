import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SpanwiseError } from '../journal/index.ts'
import { readPrompt } from './prompt-file.ts'
import { type Filled, fill, type Template, type Value } from './template.ts'

/** What the prompts of a folder take, by id: `{ triage: { mail: string } }`. */
export type PromptTypes = Readonly<Record<string, Readonly<Record<string, Value | undefined>>>>

export interface Prompts<Types extends PromptTypes> {
  <Id extends keyof Types & string>(
    id: Id,
    ...values: Record<string, never> extends Types[Id] ? [values?: Types[Id]] : [values: Types[Id]]
  ): Filled
  /** as they stand in the folder, by id */
  readonly list: readonly Pick<Template, 'id' | 'version' | 'hash'>[]
}

const extension = /\.(md|txt|prompt)$/

/**
 * Prompts from the files of a folder and those below it, read and checked at once: `support/triage.md` is `support/triage`. Calls that
 * are made with one say so in their record, with version and hash.
 * @throws PROMPT_INVALID
 * @example
 * const ask = prompts<{ triage: { mail: string } }>(new URL('./prompts', import.meta.url))
 * await generateText({ model: models('fast'), ...ask('triage', { mail }) })
 */
export function prompts<
  Types extends PromptTypes = Readonly<Record<string, Readonly<Record<string, Value | undefined>>>>,
>(folder: string | URL): Prompts<Types> {
  const root = typeof folder === 'string' ? resolve(folder) : fileURLToPath(folder)
  const byId = new Map<string, Template>()
  for (const file of filesOf(root)) {
    const path = relative(root, file).split(sep).join('/')
    const id = path.replace(extension, '')
    if (!/^[\w.-]+(\/[\w.-]+)*$/.test(id))
      throw invalid(`${file} cannot be the name of a prompt.`, 'Use letters, digits, _ . and - in names of files.')
    if (byId.has(id)) throw invalid(`Two files of ${root} are prompt "${id}".`, 'Rename one of them.')
    byId.set(id, readPrompt(id, file, readFileSync(file, 'utf8')))
  }
  if (byId.size === 0)
    throw invalid(`There are no prompts in ${root}.`, 'Put files there that end in .md, .txt or .prompt.')
  const filled = (id: string, values: Readonly<Record<string, Value>> = {}): Filled => {
    const found = byId.get(id)
    if (found !== undefined) return fill(found, values)
    throw new SpanwiseError({
      code: 'PROMPT_UNKNOWN',
      message: `There is no prompt "${id}" in ${root}.`,
      hint: `There are: ${[...byId.keys()].join(', ')}.`,
    })
  }
  const list = [...byId.values()].map(({ id, version, hash }) => ({ id, version, hash }))
  return Object.assign(filled as unknown as Prompts<Types>, { list })
}

function filesOf(root: string): readonly string[] {
  try {
    return readdirSync(root, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && extension.test(entry.name) && !/^readme\.md$/i.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
  } catch (error) {
    throw invalid(
      `The folder of prompts ${root} cannot be read: ${(error as Error).message}`,
      'Check where it is.',
      error,
    )
  }
}

function invalid(message: string, hint: string, cause?: unknown): SpanwiseError {
  return new SpanwiseError({ code: 'PROMPT_INVALID', message, hint, cause })
}
