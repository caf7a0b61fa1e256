import { readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { parseJsonc } from './jsonc.ts'

/** How a project's tsconfig maps names to files. */
export interface Mapping {
  readonly baseUrl: string | undefined
  readonly paths: readonly { readonly pattern: string; readonly targets: readonly string[] }[]
}

interface TsConfig {
  readonly extends?: string | readonly string[]
  readonly compilerOptions?: { readonly baseUrl?: string; readonly paths?: Readonly<Record<string, readonly string[]>> }
}

const byFolder = new Map<string, Mapping | undefined>()

/** The mapping of the nearest tsconfig.json above a folder. One that cannot be read maps nothing: tsc is there to complain. */
export function mappingFor(folder: string): Mapping | undefined {
  if (byFolder.has(folder)) return byFolder.get(folder)
  const file = join(folder, 'tsconfig.json')
  const parent = dirname(folder)
  const mapping = isFile(file) ? readMapping(file, new Set()) : parent === folder ? undefined : mappingFor(parent)
  byFolder.set(folder, mapping)
  return mapping
}

/** Absolute paths without a promise that they exist, best first. */
export function mapped(mapping: Mapping, specifier: string): readonly string[] {
  const found: string[] = []
  const match = bestMatch(mapping, specifier)
  if (match !== undefined) found.push(...match.targets.map((target) => target.replace('*', () => match.rest)))
  if (mapping.baseUrl !== undefined) found.push(join(mapping.baseUrl, specifier))
  return found
}

/** An exact name beats patterns, and of these the one with the longest text before its `*` counts: as in tsc. */
function bestMatch(
  mapping: Mapping,
  specifier: string,
): { readonly targets: readonly string[]; readonly rest: string } | undefined {
  let best: { readonly targets: readonly string[]; readonly rest: string; readonly length: number } | undefined
  for (const { pattern, targets } of mapping.paths) {
    const star = pattern.indexOf('*')
    if (star < 0) {
      if (pattern === specifier) return { targets, rest: '' }
      continue
    }
    const before = pattern.slice(0, star)
    const after = pattern.slice(star + 1)
    const fits =
      specifier.length >= before.length + after.length && specifier.startsWith(before) && specifier.endsWith(after)
    if (fits && (best === undefined || before.length > best.length)) {
      best = { targets, rest: specifier.slice(before.length, specifier.length - after.length), length: before.length }
    }
  }
  return best
}

function readMapping(file: string, seen: Set<string>): Mapping | undefined {
  if (seen.has(file)) return undefined
  seen.add(file)
  const config = readConfig(file)
  if (config === undefined) return undefined
  const folder = dirname(file)
  const bases = [config.extends ?? []].flat().map((name) => extended(name, file))
  const inherited = bases
    .filter((base) => base !== undefined)
    .map((base) => readMapping(base, seen))
    .findLast((mapping) => mapping !== undefined)
  const { baseUrl: ownBase, paths } = config.compilerOptions ?? {}
  const baseUrl = ownBase === undefined ? inherited?.baseUrl : resolve(folder, ownBase)
  return {
    baseUrl,
    // written in this file: from the folder of this file, or from its baseUrl
    paths:
      paths === undefined
        ? (inherited?.paths ?? [])
        : Object.entries(paths).map(([pattern, targets]) => ({
            pattern,
            targets: targets.map((target) => resolve(baseUrl ?? folder, target)),
          })),
  }
}

function readConfig(file: string): TsConfig | undefined {
  try {
    return parseJsonc(readFileSync(file, 'utf8')) as TsConfig
  } catch {
    // tsc says what is wrong with it; here it maps nothing
    return undefined
  }
}

function extended(name: string, from: string): string | undefined {
  if (name.startsWith('.') || isAbsolute(name)) {
    const path = resolve(dirname(from), name)
    return [path, `${path}.json`, join(path, 'tsconfig.json')].find(isFile)
  }
  const require = createRequire(from)
  for (const request of [name, `${name}.json`, `${name}/tsconfig.json`]) {
    try {
      return require.resolve(request)
    } catch {
      // the next spelling
    }
  }
  return undefined
}

export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}
