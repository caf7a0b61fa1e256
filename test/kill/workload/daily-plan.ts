import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A start that the program was told of. */
export interface Acknowledged {
  readonly kind: 'page' | 'call'
  readonly key: string
  readonly n: number
  readonly run: string
}

/** At most so many runs of `call` begin within any period: longer than a life and the way to the next. */
export const throttle = { limit: 3, period: 6_000 }

export function acknowledged(where: string): readonly Acknowledged[] {
  const file = join(where, 'acknowledged')
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line) as Acknowledged)
}
