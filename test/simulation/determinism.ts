import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { type Dice, dice } from './dice.ts'

/**
 * Makes this process repeatable: ids, keys and seeds come from dice, and turns of the event loop are counted. Only for processes
 * that do nothing else.
 */
const real = { bytes: crypto.randomBytes, uuid: crypto.randomUUID, immediate: globalThis.setImmediate }
let bytes: Dice = dice('nobody')
let pending = 0
let installed = false

export function repeatable(seed: Dice): void {
  bytes = seed
  if (installed) return
  installed = true
  const draw = (size: number): Buffer => Buffer.from(Array.from({ length: size }, () => bytes.whole(256)))
  crypto.randomBytes = draw as typeof crypto.randomBytes
  crypto.randomUUID = (() => {
    const b = draw(16)
    b[6] = ((b[6] as number) & 0x0f) | 0x40
    b[8] = ((b[8] as number) & 0x3f) | 0x80
    const hex = b.toString('hex')
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  }) as typeof crypto.randomUUID
  syncBuiltinESMExports()
  const counted = (callback: (...args: unknown[]) => void, ...args: unknown[]): NodeJS.Immediate => {
    pending++
    return real.immediate(() => {
      pending--
      callback(...args)
    })
  }
  globalThis.setImmediate = Object.assign(counted, {
    __promisify__: real.immediate.__promisify__,
  }) as unknown as typeof setImmediate
}

const mostTurns = 5_000

/** Lets the event loop turn: so many times, or until nothing wants a turn any more. */
export async function turns(most = mostTurns): Promise<void> {
  for (let i = 0; i < most; i++) {
    await new Promise<void>((resolve) => real.immediate(resolve))
    if (pending === 0) return
  }
}
