import { hash } from 'node:crypto'
import { currentScope } from './current.ts'
import { occurrence } from './runtime/scope.ts'

function bytes(what: string): Buffer {
  const scope = currentScope(`${what}()`)
  const name = occurrence(scope, what)
  return Buffer.from(hash('sha256', `${scope.execution.seed}\u0000${scope.prefix}${name}`, 'hex'), 'hex')
}

/** A number in [0, 1), the same on replay. Not for secrets. */
export function random(): number {
  return Number(bytes('random').readBigUInt64BE() >> 11n) / 2 ** 53
}

/** A version 4 UUID, the same on replay. */
export function uuid(): string {
  const b = bytes('uuid')
  b[6] = ((b[6] as number) & 0x0f) | 0x40
  b[8] = ((b[8] as number) & 0x3f) | 0x80
  const hex = b.toString('hex', 0, 16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
