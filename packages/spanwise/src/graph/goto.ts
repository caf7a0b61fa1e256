/** What a node returns to go elsewhere than its edges lead. A plain value, so that it can be recorded. */
export interface Goto<T extends string, U = unknown> {
  readonly '~goto': readonly T[]
  readonly update: U | undefined
}

/**
 * Goes on at other nodes than the edges say; `.goto(node, targets)` declares which these may be.
 * @example .node('triage', async (state) => state.urgent ? goto('page', { seen: true }) : { seen: true }).goto('triage', ['page'])
 */
export function goto<const T extends string, U = undefined>(to: T | readonly T[], update?: U): Goto<T, U> {
  return { '~goto': typeof to === 'string' ? [to] : to, update }
}

export function isGoto(value: unknown): value is Goto<string> {
  return typeof value === 'object' && value !== null && Array.isArray((value as { '~goto'?: unknown })['~goto'])
}
