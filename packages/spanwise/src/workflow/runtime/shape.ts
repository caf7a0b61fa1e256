import type { Entry } from '../../journal/index.ts'
import { ReplayError } from '../errors.ts'
import type { Operation } from './model.ts'

/** The code asked for other operations than its history holds: a readable diff, and what to do. */
export function shapeError(
  run: string,
  at: number,
  recorded: readonly Entry[],
  asked: readonly Operation[],
  open: (key: string) => Operation | undefined,
): ReplayError {
  const lines = [
    ...recorded
      .filter((entry) => !asked.some((operation) => isSame(entry, operation)))
      .map((entry) => `  - ${entry.key} (${describe(entry.kind)})${elsewhere(entry, open(entry.key))}`),
    ...asked
      .filter((operation) => !recorded.some((entry) => isSame(entry, operation)))
      .map((operation) => `  + ${operation.clearKey ?? operation.key} (${operation.spec.kind})`),
  ]
  return new ReplayError({
    code: 'SHAPE_CHANGED',
    message: `The code no longer fits the history of this run. After entry ${at} the history has (-) and the code asks for (+):\n${lines.length > 0 ? lines.join('\n') : '  the same operations in another place'}`,
    hint: 'Bring the old order back and resume, guard new code with changed(…), or give the run up. Values from Date.now(), Math.random() or unrecorded I/O in the body have the same effect: use now(), random(), or a step.',
    run,
  })
}

function isSame(entry: Entry, operation: Operation): boolean {
  return entry.key === operation.key && describe(entry.kind) === operation.spec.kind
}

function elsewhere(entry: Entry, operation: Operation | undefined): string {
  return operation !== undefined && operation.after < entry.after
    ? `, asked for earlier: after entry ${operation.after}`
    : ''
}

/** The operation kind that an entry kind belongs to. */
export function describe(kind: Entry['kind']): string {
  const family = kind.slice(0, kind.indexOf('.'))
  return family === 'timer' ? 'sleep' : family
}

/** A fired timer fits a sleep as well as a wait with a timeout. */
export function fits(entry: Entry, operation: Operation): boolean {
  const family = entry.kind.slice(0, entry.kind.indexOf('.'))
  if (family === 'timer')
    return operation.spec.kind === 'sleep' || operation.spec.kind === 'signal' || operation.spec.kind === 'approval'
  if (operation.spec.kind === 'item') return family === 'item' || family === 'step'
  return operation.spec.kind === family
}
