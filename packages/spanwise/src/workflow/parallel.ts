import { currentScope } from './current.ts'
import type { Scope } from './runtime/model.ts'
import { frames, occurrence, openScope } from './runtime/scope.ts'

export type Branches = { readonly [key: string]: () => unknown }

/** Begins a branch in a scope of its own. */
function begin(scope: Scope, branch: () => unknown): Promise<unknown> {
  return frames.run(scope, async () => branch())
}

function branchScopes(scope: Scope, kind: 'parallel' | 'race', branches: Branches): Map<string, Scope> {
  const name = occurrence(scope, kind)
  return new Map(Object.keys(branches).map((key) => [key, openScope(scope, `${name}/${key}`)]))
}

/**
 * Runs named branches at once and returns their results by name. The first failure is thrown; the other branches are then over:
 * running steps get their abort signal, waits consume nothing.
 * @example const { order, customer } = await parallel({ order: () => fetchOrder(id), customer: () => fetchCustomer(id) })
 */
export function parallel<B extends Branches>(
  branches: B,
): Promise<{ -readonly [K in keyof B]: Awaited<ReturnType<B[K]>> }> {
  const outer = currentScope('parallel()')
  return outer.execution.track(runParallel(outer, branches)) as never
}

async function runParallel(outer: Scope, branches: Branches): Promise<Record<string, unknown>> {
  const scopes = branchScopes(outer, 'parallel', branches)
  try {
    const entries = [...scopes].map(
      async ([key, scope]) => [key, await begin(scope, branches[key] as () => unknown)] as const,
    )
    return Object.fromEntries(await Promise.all(entries))
  } finally {
    for (const scope of scopes.values()) outer.execution.closeScope(scope)
  }
}

/**
 * The first branch that settles decides: its result, by name, or its error. The others are over; a losing wait consumes nothing.
 * @example const first = await race({ paid: () => paid.wait(), late: () => sleep('3d') }); if (first.key === 'paid') …
 */
export function race<B extends Branches>(
  branches: B,
): Promise<
  { [K in keyof B & string]: { readonly key: K; readonly value: Awaited<ReturnType<B[K]>> } }[keyof B & string]
> {
  const outer = currentScope('race()')
  return outer.execution.track(runRace(outer, branches)) as never
}

async function runRace(outer: Scope, branches: Branches): Promise<{ readonly key: string; readonly value: unknown }> {
  const scopes = branchScopes(outer, 'race', branches)
  try {
    return await Promise.race(
      [...scopes].map(async ([key, scope]) => ({ key, value: await begin(scope, branches[key] as () => unknown) })),
    )
  } finally {
    for (const scope of scopes.values()) outer.execution.closeScope(scope)
  }
}
