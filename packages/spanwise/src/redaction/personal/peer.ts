import { createRequire } from 'node:module'
import { SpanwiseError } from '../../journal/index.ts'

const load = createRequire(import.meta.url)

/** A library that only some kinds need: loaded when one of them is asked for. @throws PACKAGE_MISSING */
export function peer<T>(name: string, kind: string): T {
  try {
    return load(name) as T
  } catch (cause) {
    throw new SpanwiseError({
      code: 'PACKAGE_MISSING',
      message: `personalData needs the package ${name} to find the kind "${kind}".`,
      hint: `npm install ${name}, or leave the kind out: personalData({ kinds: ['email', 'card'] }).`,
      cause,
    })
  }
}
