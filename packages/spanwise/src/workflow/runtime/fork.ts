import { type Entry, SpanwiseError } from '../../journal/index.ts'
import type { Operation, OperationSpec } from './model.ts'

/**
 * What a fork takes over of the operations that had no outcome at its point: nothing of the attempts, which were the source's
 * under the source's idempotency keys, and no open question, whose answer would be the source's. Children stay: they are shared.
 */
export function withoutUnfinished<E extends Pick<Entry, 'kind' | 'key'>>(live: readonly E[]): E[] {
  const settled = new Set<string>()
  for (const { kind, key } of live) if (outcomes.has(kind)) settled.add(key)
  return live.filter(({ kind, key }) => !begun.has(kind) || settled.has(key))
}

const outcomes: ReadonlySet<Entry['kind']> = new Set<Entry['kind']>([
  'step.result',
  'step.error',
  'approval.decided',
  'approval.withdrawn',
  'timer.fired',
  'model.result',
  'model.error',
])
const begun: ReadonlySet<Entry['kind']> = new Set<Entry['kind']>([
  'step.intent',
  'step.attempt',
  'approval.requested',
  'model.call',
  'model.attempt',
])

/** Whether the operation would do something outside of the run that repeating may do twice: a model call is paid for again. */
export function hasEffect({ spec }: Operation, isShared: (run: string) => boolean): boolean {
  switch (spec.effect.type) {
    case 'step':
    case 'transaction':
      return spec.repeatable !== true
    // one without an id of its own is a run of this fork, under the same conditions
    case 'child':
      return spec.effect.id !== undefined
    case 'mail':
      return isShared(spec.effect.run)
    case 'model':
      return true
    default:
      return false
  }
}

export function isAllowed(operation: Operation, allow: readonly string[]): boolean {
  const { key, clearKey, spec } = operation
  const names = new Set(['*', key, spec.name, clearKey, workflowOf(spec), ...modelOf(spec)])
  return allow.some((name) => names.has(name))
}

function workflowOf({ effect }: OperationSpec): string | undefined {
  return effect.type === 'child' ? effect.workflow : undefined
}

/** All model calls, or those of an alias: what a call asks is no name that anybody would write. */
function modelOf({ effect }: OperationSpec): readonly string[] {
  return effect.type === 'model' ? [`model:${effect.request.alias}`, 'model'] : []
}

/** Parks the fork before anything of what it comes to has begun. */
export function dryError(run: string, operations: readonly Operation[]): SpanwiseError {
  const names = [...new Set(operations.map(({ spec }) => modelOf(spec)[0] ?? spec.name))]
  const keys = operations.map(({ key, clearKey }) => clearKey ?? key)
  const allow = names.map((name) => `--allow ${/^[\w.:-]+$/.test(name) ? name : JSON.stringify(name)}`).join(' ')
  const paid = operations.every(({ spec }) => spec.effect.type === 'model')
  const one = keys.length === 1 ? keys[0] : undefined
  return Object.assign(
    new SpanwiseError({
      code: 'FORK_DRY',
      message: paid
        ? `This fork comes to ${names.join(', ')}, which would be paid for, and a fork asks no model that it was not allowed to.`
        : `This fork comes to ${names.join(', ')} (${keys.join(', ')}), which may have an effect outside, and a fork repeats none that it was not allowed to.`,
      hint: paid
        ? `Let it be asked: spanwise resume ${run} ${allow}. --allow model allows all model calls.`
        : `Let it happen: spanwise resume ${run} ${allow}. Or say what it gave: spanwise resume ${run} --edit-result '${one === undefined ? `${keys[0]}=…` : '…'}'. Steps that may be repeated at will are marked with effect: 'idempotent'.`,
      run,
      ...(one === undefined ? {} : { step: one }),
    }),
    { dry: operations.map(({ key }) => key) },
  )
}

/** Keys of the operations that a fork parked in front of. */
export function dryKeys(error: unknown): readonly string[] | undefined {
  const { code, dry } = (error ?? {}) as { code?: unknown; dry?: unknown }
  return code === 'FORK_DRY' && Array.isArray(dry) ? (dry as string[]) : undefined
}
