import type { Store } from '../../../packages/spanwise/src/journal/index.ts'

/** The connection of one app to its store: it can be cut, as by the death of the process, and it can be slow or broken. */
export interface Wire {
  readonly store: Store
  /** nothing that this app asks reaches the store any more, and nothing is answered */
  cut(): void
  readonly isCut: boolean
  /** resolves when it is cut */
  readonly whenCut: Promise<void>
  /** writes so far */
  readonly writes: number
  /** looked at before each write: `pass` it, lose it and die, do it and die before it is answered, or fail it */
  onWrite: (name: WriteName, nth: number, argument: unknown) => Verdict | Promise<Verdict>
  /** called when a write is done and not answered yet: it may take its time, or throw what is answered instead */
  onAnswer: (name: WriteName) => void | Promise<void>
}

export type WriteName = 'create' | 'append' | 'send' | 'transact' | 'claim'
export type Verdict = 'pass' | 'lose' | 'swallow' | 'fail'

const writes = new Set<string>(['create', 'append', 'send', 'transact', 'claim'])
const never = new Promise<never>(() => {})

export function wire(store: Store): Wire {
  let isCut = false
  let count = 0
  const { promise: whenCut, resolve } = Promise.withResolvers<void>()
  const cut = () => {
    isCut = true
    resolve()
  }
  const made: Wire = {
    store: undefined as never,
    cut,
    get isCut() {
      return isCut
    },
    whenCut,
    get writes() {
      return count
    },
    onWrite: () => 'pass',
    onAnswer: () => {},
  }
  const call = async (name: string, method: (...args: unknown[]) => Promise<unknown>, args: unknown[]) => {
    if (isCut) return never
    if (!writes.has(name)) return isCut ? never : method(...args)
    const given = made.onWrite(name as WriteName, count++, args[0])
    const verdict = typeof given === 'string' ? given : await given
    if (isCut) return never
    if (verdict === 'fail') throw new Error('the disk is full')
    if (verdict === 'lose') {
      cut()
      return never
    }
    const answer = await method(...args)
    if (verdict === 'swallow') cut()
    else await made.onAnswer(name as WriteName)
    return isCut ? never : answer
  }
  const proxied = new Proxy(store, {
    get(target, name, receiver) {
      const found: unknown = Reflect.get(target, name, receiver)
      if (typeof found !== 'function' || typeof name !== 'string') return found
      return (...args: unknown[]) => call(name, found.bind(target), args)
    },
  })
  return Object.assign(made, { store: proxied })
}
