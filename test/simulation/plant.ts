import { readFileSync } from 'node:fs'
import type { Mutant } from './mutants.ts'

export function sourceOf({ file }: Mutant): URL {
  return new URL(`../../packages/spanwise/src/${file}`, import.meta.url)
}

/** The module with the bug in it. */
export function mutated(mutant: Mutant): string {
  const parts = readFileSync(sourceOf(mutant), 'utf8').split(mutant.line)
  if (parts.length !== 2) throw new Error(`“${mutant.line}” is ${parts.length - 1} times in ${mutant.file}`)
  return parts.join(mutant.instead)
}
