import { AsyncLocalStorage } from 'node:async_hooks'
import type { Begun, Frame, Runtime, Scope } from './model.ts'

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
    took: [],
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
    took: [],
  }
}

/** Scope of one item of `each`: `each#0[token]/`. */
export function itemScope(
  parent: Scope,
  name: string,
  item: { readonly token: string; readonly subject: string | undefined } & Issued,
  key: string,
): Scope {
  return {
    ...openScope(parent, `${name}[${item.token}]`, `${name}[${key}]`, item.subject ?? parent.subject),
    begun: begunAs(parent, item),
  }
}

/** Scope of one round of a loop: `graph(support)#0[3]/`. */
export function roundScope(parent: Scope, name: string, round: number, issued: Issued | Restored): Scope {
  return { ...openScope(parent, `${name}[${round}]`), begun: begunAs(parent, issued) }
}

/** The same with the signals that nobody had taken by then. */
export interface Restored extends Issued {
  readonly letters: readonly number[]
}

/** The delivery that made the code ask for something, and its time. */
export interface Issued {
  readonly after: number
  readonly time: number
}

/** What is begun in a scope now belongs to this delivery: where it is restored, to the one that had begun it. */
export function issuedIn({ begun, execution }: Scope): Issued {
  return begun?.window === execution.current ? begun : { after: execution.current, time: execution.time }
}

function begunAs(parent: Scope, issued: Issued | Restored): Begun | undefined {
  const { current } = parent.execution
  const { after, time } = issued
  if (after === current) return parent.begun
  return { window: current, after, time, ...('letters' in issued ? { letters: issued.letters } : {}) }
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

/** A signal was taken in it: which one, by its place in the history. */
export function noteTaken(scope: Scope, place: number): void {
  for (let s: Scope | undefined = scope; s?.parent !== undefined; s = s.parent) s.took.push(place)
}

export function isClosed(scope: Scope): boolean {
  for (let s: Scope | undefined = scope; s !== undefined; s = s.parent) if (s.closed) return true
  return false
}

export function isWithin(scope: Scope, outer: Scope): boolean {
  for (let s: Scope | undefined = scope; s !== undefined; s = s.parent) if (s === outer) return true
  return false
}
