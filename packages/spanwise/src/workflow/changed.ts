import { currentScope } from './current.ts'
import { occurrence } from './runtime/scope.ts'

/**
 * Marks changed code: true for runs that reach this point for the first time, false for runs whose history went past it before the
 * change. Old runs take the old way, new ones the new; remove the mark when no old run is left.
 * @example if (changed('score with v2')) await scoreV2(order); else await score(order)
 */
export function changed(why: string): boolean {
  const scope = currentScope('changed()')
  const { execution } = scope
  const key = `${scope.prefix}${occurrence(scope, `changed(${why.replace(/[#/[\]:@~]/g, ' ')})`)}`
  if (execution.recorded.notes.has(key)) return true
  // the history goes on from here without the mark: the old code was here
  if (execution.replaying && execution.recorded.lastIssuedAfter >= execution.current) return false
  execution.note(scope, key, { changed: true })
  return true
}
