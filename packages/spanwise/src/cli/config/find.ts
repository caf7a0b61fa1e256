import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { SpanwiseError } from '../../journal/index.ts'

const names = ['spanwise.config.ts', 'spanwise.config.mts', 'spanwise.config.js', 'spanwise.config.mjs']

/** The config file: the one that is named, or the first one found upwards. @throws CONFIG_NOT_FOUND */
export function findConfig(from: string, given: string | undefined): string {
  if (given !== undefined) {
    const path = resolve(from, given)
    if (existsSync(path)) return path
    throw new SpanwiseError({
      code: 'CONFIG_NOT_FOUND',
      message: `There is no config file ${path}.`,
      hint: 'Check the path after --config.',
    })
  }
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const found = names.map((name) => join(folder, name)).find((path) => existsSync(path))
    if (found !== undefined) return found
    if (dirname(folder) === folder) break
  }
  throw new SpanwiseError({
    code: 'CONFIG_NOT_FOUND',
    message: `There is no spanwise.config.ts (or .js, .mjs) in ${resolve(from)} or above it.`,
    hint: "Make one: import { defineConfig } from 'spanwise'; export default defineConfig({ store: 'sqlite:./spanwise.db', workflows: [...] }). Or name one with --config, or only a store with --store.",
  })
}
