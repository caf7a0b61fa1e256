import { AsyncLocalStorage } from 'node:async_hooks'
import type { Frame, Runtime, Scope } from './model.ts'

const slot = Symbol.for('spanwise.context')
const home = globalThis as { [slot]?: AsyncLocalStorage<Frame> }
home[slot] ??= new AsyncLocalStorage<Frame>()
/** Shared by all copies of the package in the process. */
export const frames: AsyncLocalStorage<Frame> = home[slot]

export function openScope(parent: Scope, name: string, clearName = name, subject = parent.subject): Scope {
  return {
    kind: 'scope',
    execution: parent.execution,
    parent,
    prefix: `${parent.prefix}${name}/`,
    clear: `${parent.clear}${clearName}/`,
    subject,
    counts: new Map(),
    begun: parent.begun,
    closed: false,
    waits: false,
  }
}

export function rootScope(execution: Runtime, prefix: string, subject: string | undefined): Scope {
  return {
    kind: 'scope',
    execution,
    parent: undefined,
    prefix,
    clear: prefix,
    subject,
    counts: new Map(),
    begun: undefined,
    closed: false,
    waits: false,
  }
}

/** Scope of one item of `each`: `each#0[token]/`. */
export function itemScope(
  parent: Scope,
  name: string,
  item: { readonly token: string; readonly subject: string | undefined; readonly after: number },
  key: string,
): Scope {
  const { execution } = parent
  return {
    ...openScope(parent, `${name}[${item.token}]`, `${name}[${key}]`, item.subject ?? parent.subject),
    begun: item.after === execution.current ? parent.begun : { window: execution.current, after: item.after },
  }
}

/** Scope of what `each` pulls: `each#0:item#3`. */
export function sourceScope(parent: Scope, name: string): Scope {
  return { ...openScope(parent, name), prefix: `${parent.prefix}${name}:`, clear: `${parent.clear}${name}:` }
}

/** Name plus occurrence in the scope. */
export function occurrence(scope: Scope, name: string): string {
  const count = scope.counts.get(name) ?? 0
  scope.counts.set(name, count + 1)
  return `${name}#${count}`
}

export function markWait(scope: Scope): void {
  for (let s: Scope | undefined = scope; s !== undefined; s = s.parent) s.waits = true
}

export function isClosed(scope: Scope): boolean {
  for (let s: Scope | undefined = scope; s !== undefined; s = s.parent) if (s.closed) return true
  return false
}

export function isWithin(scope: Scope, outer: Scope): boolean {
  for (let s: Scope | undefined = scope; s !== undefined; s = s.parent) if (s === outer) return true
  return false
}
