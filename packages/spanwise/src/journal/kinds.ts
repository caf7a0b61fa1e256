import type { EntryKind } from './entry.ts'

/**
 * Numbers of the kinds, in leaves and in the store. They are part of `leaf v1`: never change or reuse one, only add.
 */
export const kindCodes: Readonly<Record<EntryKind, number>> = {
  'run.started': 1,
  'run.continued': 2,
  'run.cancelling': 3,
  'run.parked': 4,
  'run.resumed': 5,
  'run.completed': 6,
  'run.failed': 7,
  'run.cancelled': 8,
  'run.forked': 9,
  'run.debounced': 10,
  'step.intent': 16,
  'step.attempt': 17,
  'step.result': 18,
  'step.error': 19,
  'timer.fired': 32,
  'signal.received': 33,
  'approval.requested': 34,
  'approval.decided': 35,
  'approval.withdrawn': 36,
  'child.started': 37,
  'child.settled': 38,
  'item.pulled': 48,
  'scope.snapshot': 49,
  'model.call': 56,
  'model.attempt': 57,
  'model.result': 58,
  'model.error': 59,
  'model.rejected': 60,
  note: 64,
  'operator.erased': 72,
  'operator.held': 73,
  'operator.released': 74,
  'operator.read': 75,
  'operator.confirmed': 76,
  'stream.closed': 80,
}

const kinds = new Map(Object.entries(kindCodes).map(([kind, code]) => [code, kind as EntryKind]))

export function kindOf(code: number): EntryKind | undefined {
  return kinds.get(code)
}

/** What this version calls a kind that a newer one writes: it can be held against its proof, and nothing else. */
export function nameOf(code: number): EntryKind {
  return kindOf(code) ?? (`kind ${code}` as EntryKind)
}

/** The number of a kind, of one that `nameOf` had to name too. */
export function codeOf(kind: EntryKind): number {
  return kindCodes[kind] ?? Number(kind.slice('kind '.length))
}
