import type { Entry } from '../../journal/index.ts'
import { ReplayError } from '../errors.ts'
import type { Operation } from './model.ts'

/** The code asked for other operations than its history holds: a readable diff, and what to do. */
export function shapeError(
  run: string,
  at: number,
  recorded: readonly Entry[],
  asked: readonly Operation[],
): ReplayError {
  const had = recorded.map((entry) => `${entry.key} (${describe(entry.kind)})`)
  const wants = asked.map((operation) => `${operation.key} (${operation.spec.kind})`)
  const lines = [
    ...had.filter((line) => !wants.some((want) => sameKey(want, line))).map((line) => `  - ${line}`),
    ...wants.filter((line) => !had.some((have) => sameKey(have, line))).map((line) => `  + ${line}`),
  ]
  return new ReplayError({
    code: 'SHAPE_CHANGED',
    message: `The code no longer fits the history of this run. After entry ${at} the history has (-) and the code asks for (+):\n${lines.length > 0 ? lines.join('\n') : '  the same operations in another place'}`,
    hint: 'Bring the old order back and resume, guard new code with changed(…), or give the run up. Values from Date.now(), Math.random() or unrecorded I/O in the body have the same effect: use now(), random(), or a step.',
    run,
  })
}

function sameKey(a: string, b: string): boolean {
  return a.slice(0, a.lastIndexOf(' (')) === b.slice(0, b.lastIndexOf(' (')) && kindOf(a) === kindOf(b)
}

function kindOf(line: string): string {
  return line.slice(line.lastIndexOf(' (') + 2, -1)
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
