import { areSiblings } from '../../journal/index.ts'
import type { RunEvent } from '../event.ts'

/** Whether what came of one operation may have had a part in another one: it had been delivered when that one was asked for. */
export function mayInfluence(cause: Pick<RunEvent, 'index' | 'key'>, effect: Pick<RunEvent, 'after' | 'key'>): boolean {
  return cause.index <= effect.after && !areSiblings(cause.key, effect.key)
}
