import type { RunEvent } from '../event.ts'

const words: Readonly<Partial<Record<RunEvent['kind'], string>>> = {
  'run.started': 'started',
  'run.continued': 'started over',
  'run.cancelling': 'was told to stop',
  'run.parked': 'waits for a person',
  'run.resumed': 'resumed',
  'run.forked': 'forked',
  'run.completed': 'completed',
  'run.failed': 'failed',
  'run.cancelled': 'cancelled',
  'step.intent': 'step begins',
  'step.attempt': 'attempt failed',
  'step.result': 'step done',
  'step.error': 'step failed',
  'timer.fired': 'waited',
  'signal.received': 'signal came',
  'approval.requested': 'person asked',
  'approval.decided': 'person decided',
  'approval.withdrawn': 'question withdrawn',
  'child.started': 'child started',
  'child.settled': 'child ended',
  'model.call': 'model asked',
  'model.attempt': 'model not reached',
  'model.result': 'model answered',
  'model.error': 'model failed',
  'model.rejected': 'answer refused',
  'item.pulled': 'item taken',
  'scope.snapshot': 'snapshot',
}

/** What kind of entry it is, for people. */
export function kindWords({ kind, meta }: Pick<RunEvent, 'kind' | 'meta'>): string {
  if (kind === 'note') return meta['cited'] === undefined ? 'note' : 'documents read'
  return words[kind] ?? kind
}
