import type { Omittable } from './types.ts'
import type { Startable } from './workflow.ts'

/**
 * What starts like a workflow and, called inside a run, is a scope of that run: a graph, an agent. Never a step.
 */
export interface Inlined<I, O> extends Startable<I, O> {
  readonly kind: 'graph' | 'agent'
  (input: Omittable<I>): Promise<O>
}

/** Recognised by its shape, so that rooms need not know each other. */
export function isInlined(value: unknown): value is Inlined<unknown, unknown> {
  if (typeof value !== 'function') return false
  const { kind } = value as { readonly kind?: unknown }
  return kind === 'graph' || kind === 'agent'
}
