import { SpanwiseError } from '../journal/index.ts'

/**
 * What was defined in this process, by name: threads look steps up in it, signals find their schema in it. On `globalThis`, so
 * that two copies of the package share it. A redefinition from the same call site (a reload, a test) replaces; from another one
 * it is an error, told when an app or a pool looks the name up: two libraries may define steps that never meet.
 */
interface Registry {
  readonly steps: Map<string, Registered>
  /** by name, then by where it is written: two libraries may give one name to two signals */
  readonly signals: Map<string, Map<string, unknown>>
}

interface Registered {
  readonly definition: unknown
  readonly site: string
  readonly clash: string | undefined
}

const slot = Symbol.for('spanwise.registry')
const home = globalThis as { [slot]?: Registry }
home[slot] ??= { steps: new Map(), signals: new Map() }
const registry: Registry = home[slot]

export function registerStep(name: string, definition: unknown, site: string): void {
  const before = registry.steps.get(name)
  // a third definition does not settle which of two was meant
  const clash =
    before !== undefined && before.site !== site && site !== '' && before.site !== '' ? before.site : before?.clash
  registry.steps.set(name, { definition, site, clash })
}

export function knowsStep(name: string): boolean {
  return registry.steps.has(name)
}

/** @throws STEP_REDEFINED when two places define a step of that name. */
export function findStep(name: string): unknown {
  const found = registry.steps.get(name)
  if (found?.clash !== undefined) {
    throw new SpanwiseError({
      code: 'STEP_REDEFINED',
      message: `Step "${name}" is defined twice: at ${found.clash} and at ${found.site}.`,
      hint: 'Give one of them another name: a step is found by its name.',
    })
  }
  return found?.definition
}

export function registerSignal(name: string, schema: unknown, site: string): void {
  let sites = registry.signals.get(name)
  if (sites === undefined) {
    sites = new Map()
    registry.signals.set(name, sites)
  }
  if (schema !== undefined) sites.set(site, schema)
}

/** The latest definition of it. */
export function findSignal(name: string): { readonly schema: unknown } | undefined {
  const sites = registry.signals.get(name)
  return sites === undefined ? undefined : { schema: [...sites.values()].at(-1) }
}

/** Every schema that a signal of this name has somewhere. */
export function signalSchemas(name: string): readonly unknown[] {
  return [...(registry.signals.get(name)?.values() ?? [])]
}

/** `file:line:column` of a caller: 1 is the function that calls this, 2 who called that. */
export function callSite(depth: number): string {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = depth
  const holder: { stack?: string } = {}
  Error.captureStackTrace(holder, callSite)
  Error.stackTraceLimit = limit
  const line = holder.stack?.split('\n')[depth] ?? ''
  return /(?:\(|at (?:async )?)([^()\s]+:\d+:\d+)\)?$/.exec(line)?.[1]?.replace(/\?[^:]*/, '') ?? ''
}
