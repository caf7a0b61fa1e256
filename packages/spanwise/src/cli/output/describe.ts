import { operationName, type RunEvent } from '../../app/index.ts'
import { formatDuration } from '../../workflow/index.ts'
import { brief } from './value.ts'

export { operationName as operation }

export interface Described {
  readonly mark: '✔' | '✖' | '•' | '?' | '!' | ' '
  readonly text: string
  /** inside an `each`, a `parallel`, a child: left out where lines are counted */
  readonly nested: boolean
  /** worth a line of its own even when steps are only counted */
  readonly notable: boolean
}

/** What a person is told about an entry; undefined for those that are only for the machine. */
export function describe(event: RunEvent): Described | undefined {
  const { kind, meta, payload } = event
  const name = operationName(event.key)
  const line = (mark: Described['mark'], text: string, notable = false): Described => ({
    mark,
    text,
    nested: event.key.includes('/'),
    notable,
  })
  switch (kind) {
    case 'run.started':
      return line('•', 'started', true)
    case 'run.debounced':
      return line('•', 'started again before it began: with this input', true)
    case 'run.continued':
      return line('•', 'goes on as a new generation', true)
    case 'run.cancelling':
      return line('!', `${String(meta['how'] ?? 'cancel')} ${reason(payload)}`.trim(), true)
    case 'run.parked':
      return line('!', `needs attention: ${message(payload)}`, true)
    case 'run.resumed':
      return line('•', 'resumed', true)
    case 'run.forked':
      return line('•', `forked from ${String(meta['source'] ?? '')} at entry ${String(meta['at'] ?? '')}`, true)
    case 'run.completed':
      return line('✔', 'completed', true)
    case 'run.failed':
      return line('✖', `failed: ${message(payload)}`, true)
    case 'run.cancelled':
      return line('✖', `cancelled: ${message(payload)}`, true)
    case 'step.intent':
      return undefined
    case 'step.attempt':
      return line('✖', `${name}  attempt ${event.attempt} failed: ${message((payload as { error?: unknown })?.error)}`)
    case 'step.result':
      return line('✔', `${name}${reused(meta)}${event.attempt > 1 ? `  on attempt ${event.attempt}` : ''}`)
    case 'step.error':
      return line(
        '✖',
        `${name}  ${event.attempt > 1 ? `attempt ${event.attempt} ` : ''}failed: ${message((payload as { error?: unknown })?.error)}`,
        true,
      )
    case 'timer.fired':
      return line('•', `${name} is over`)
    case 'signal.received':
      return line('•', `signal ${String(meta['signal'])} ${brief(payload)}`.trimEnd())
    case 'approval.requested':
      return line('?', `asks: ${(payload as { question?: string } | undefined)?.question ?? '(erased)'}`, true)
    case 'approval.decided': {
      const answer = payload as { approve?: boolean; by?: string; reason?: string } | undefined
      const why = answer?.reason === undefined ? '' : `: ${answer.reason}`
      return line('•', `${answer?.approve === true ? 'approved' : 'rejected'} by ${answer?.by ?? '?'}${why}`, true)
    }
    case 'approval.withdrawn':
      return line('•', 'the question is withdrawn')
    case 'child.started':
      return line('•', `${name} started as ${String(meta['child'] ?? '')}`)
    case 'child.settled':
      return line('•', `${name} ended`)
    case 'model.call':
      return undefined
    case 'model.attempt':
      return line(
        '✖',
        `${asked(meta)}  ${meta['unconfirmed'] === true ? 'lost: it may have been answered' : `failed, tried again: ${message(payload)}`}`,
      )
    case 'model.result':
      return meta['replaced'] === undefined
        ? line('✔', `${asked(meta)}  ${spent(meta)}`)
        : line('!', `${asked(meta)}  ${spent(meta)}; until now ${String(meta['replaced'])} answered`, true)
    case 'model.error':
      return line('✖', `${asked(meta)}  failed: ${message(payload)}`, true)
    case 'model.rejected':
      return line('✖', `${name}  its answer was refused`)
    case 'item.pulled':
    case 'scope.snapshot':
    case 'operator.erased':
    case 'operator.held':
    case 'operator.released':
    case 'operator.read':
    case 'operator.confirmed':
    case 'stream.closed':
      return undefined
    case 'note':
      if (meta['throttle'] === true && Number(meta['waited']) > 0)
        return line('•', `begun, after ${formatDuration(Number(meta['waited']))} in the queue`)
      return meta['refused'] === undefined ? undefined : line('!', `a ${String(meta['refused'])} was refused`, true)
  }
}

function asked(meta: RunEvent['meta']): string {
  const model = String(meta['answered'] ?? meta['model'] ?? '')
  return `model ${String(meta['alias'] ?? '')}${model === '' ? '' : ` (${model})`}`
}

/** From whom a cached result is. */
function reused(meta: RunEvent['meta']): string {
  if (meta['cached'] !== true) return ''
  return `  cached from ${String(meta['source']).slice(0, 8)}, entry ${String(meta['sourceIndex'])}`
}

function spent(meta: RunEvent['meta']): string {
  const tokens = `${Number(meta['input'] ?? 0)} + ${Number(meta['output'] ?? 0)} tokens`
  return typeof meta['cost'] === 'number' ? `${tokens}, $${(meta['cost'] / 1e9).toFixed(6)}` : tokens
}

function message(value: unknown): string {
  return Error.isError(value) ? (value as Error).message : brief(value)
}

function reason(payload: unknown): string {
  const text = (payload as { reason?: unknown } | undefined)?.reason
  return typeof text === 'string' ? `(${text})` : ''
}
