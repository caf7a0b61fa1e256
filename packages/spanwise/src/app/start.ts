import { randomUUID } from 'node:crypto'
import { newSeed } from '../engine/index.ts'
import { type Created, SpanwiseError } from '../journal/index.ts'
import {
  canonicalInput,
  checkStarts,
  type DebounceTerms,
  type Duration,
  debounceTerms,
  milliseconds,
  parse,
  type Startable,
  type StartLimits,
  startPayload,
  type WorkflowDefinition,
  workflowDefinition,
} from '../workflow/index.ts'
import type { Backend } from './backend.ts'
import { sameId } from './same-id.ts'

export interface StartOptions extends StartLimits {
  /** unique within tenant and workflow: the same id is the same run, started once */
  readonly id?: string
  readonly tenant?: string
  /** whom the run is about: its content can be erased with everything else about the subject */
  readonly subject?: string
  readonly team?: string
  readonly tags?: readonly string[]
  readonly delay?: Duration
  /** the run ends as `failed` when it is not done by then */
  readonly deadline?: Duration | Date
  /** higher first, where runs wait for room */
  readonly priority?: number
  /** for a start without an id: the same one is the same start */
  readonly sendId?: string
}

/** @throws INVALID_INPUT, ID_CONFLICT */
export async function startRun(...args: Parameters<typeof beginRun>): Promise<Created> {
  const created = await beginRun(...args)
  const { state, row } = created
  if (state !== 'conflict') return created
  const [, , , startable, , options] = args
  throw new SpanwiseError({
    code: 'ID_CONFLICT',
    message: `A run of "${workflowDefinition(startable).name}" with the id ${JSON.stringify(options.id ?? options.sendId)} exists and was started with another input.`,
    hint: 'An id names one piece of work: use another id for other work, or pass the same input to get the same run.',
    run: row.run,
  })
}

/** Validates the input, then inserts or gets the run. A wrong input leaves nothing behind. */
export async function beginRun(
  backend: Backend,
  now: number,
  release: string,
  startable: Startable<never, unknown>,
  input: unknown,
  options: StartOptions,
): Promise<Created> {
  const definition = workflowDefinition(startable)
  const canonical = canonicalInput(input)
  const parsed = await parse(definition.input, input, 'INVALID_INPUT', `The input of workflow "${definition.name}"`)
  const { tags = [], tenant = 'default' } = options
  checkStarts(definition.name, { debounce: options.debounce, throttle: options.throttle })
  const debounce = debounceOf(definition, parsed, options)
  const run = options.sendId === undefined ? randomUUID() : sameId('start', tenant, definition.name, options.sendId)
  return backend.begin({
    workflow: definition.name,
    tenant,
    id: options.id,
    run,
    input: canonical,
    payload: startPayload({
      input: parsed,
      seed: newSeed(),
      id: options.id,
      tags,
      subject: options.subject,
      team: options.team,
      throttle: options.throttle,
    }),
    wakeAt: options.delay === undefined ? undefined : now + milliseconds(options.delay, 'delay'),
    priority: options.priority ?? 0,
    deadline: deadlineOf(definition, options.deadline, now),
    release,
    subject: options.subject,
    tags,
    debounce,
    // a start that becomes part of another run leaves none of its own to know it by
    request: debounce === undefined ? undefined : (options.sendId ?? run),
    at: now,
  })
}

function debounceOf(
  { name, debounce: general }: WorkflowDefinition,
  input: unknown,
  { id, delay, debounce: own }: StartOptions,
): DebounceTerms | undefined {
  const debounce = own ?? general
  if (debounce === undefined || debounce === false) return undefined
  const other = id !== undefined ? 'an id' : delay !== undefined ? 'a delay' : undefined
  if (other === undefined) return debounceTerms(name, debounce, input)
  throw new SpanwiseError({
    code: 'INVALID_OPTION',
    message: `A start of "${name}" cannot be debounced and have ${other}.`,
    hint:
      other !== 'a delay'
        ? 'An id names one piece of work, and debouncing makes one of many: leave it out, or pass debounce: false to start it by itself.'
        : 'The period of debounce says when it begins: leave the delay out, or pass debounce: false.',
  })
}

function deadlineOf(
  definition: WorkflowDefinition,
  deadline: Duration | Date | undefined,
  now: number,
): number | undefined {
  if (deadline instanceof Date) return deadline.getTime()
  const duration = deadline ?? definition.deadline
  return duration === undefined ? undefined : now + milliseconds(duration, 'deadline')
}
