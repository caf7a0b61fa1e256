import { decode, type Entry, encode, SpanwiseError } from '../../journal/index.ts'
import { findStep } from '../registry.ts'
import type { Step } from '../step.ts'
import type { Runtime } from './model.ts'
import type { Started } from './started.ts'

/** Payload of `run.started`. */
export function startPayload(
  started: Pick<
    Started,
    'input' | 'seed' | 'id' | 'tags' | 'subject' | 'team' | 'schedule' | 'dry' | 'unparsed' | 'throttle'
  >,
): string {
  return encode({ ...given(started), generation: 0, mailbox: [], compensations: [] }, 'input')
}

/** Payload of `run.continued`: everything that the next generation needs, so that nothing before it is read again. */
export function continuationPayload(execution: Runtime, input: unknown, generation: number): string {
  const { id, tags, subject, team, schedule } = execution.started
  const { seed, dry } = execution
  const compensations = execution.ownCompensations.map(({ step, input: value }) => ({
    step: step.stepName,
    input: value,
  }))
  return encode(
    {
      input,
      seed,
      generation,
      mailbox: execution.mailbox.letters,
      compensations,
      id,
      tags,
      subject,
      team,
      ...(schedule === undefined ? {} : { schedule }),
      ...(dry === undefined ? {} : { dry }),
    },
    'input of continueAs',
  )
}

export function readStarted(entry: Entry): Started {
  if (entry.payload === undefined) {
    throw new SpanwiseError({
      code: 'ERASED',
      message: `The input of run ${entry.run} was erased.`,
      hint: 'The run cannot go on: give it up.',
      run: entry.run,
    })
  }
  return decode(entry.payload) as Started
}

/** Registered compensations survive `continueAs` by the names of their steps. */
export function restoreCompensations(execution: Runtime): void {
  for (const one of execution.started.compensations) restoreCompensation(execution, one, '')
}

/** Registers again what an earlier generation or a snapshotted scope had registered. */
export function restoreCompensation(
  execution: Runtime,
  { step, input }: { readonly step: string; readonly input: unknown },
  prefix: string,
): void {
  const found = findStep(step) as Step<unknown, unknown> | undefined
  if (found === undefined) {
    throw new SpanwiseError({
      code: 'STEP_UNKNOWN',
      message: `Compensation "${step}" is not defined in this process.`,
      hint: 'Import the module that defines the step before the app opens.',
      run: execution.run.id,
      step,
    })
  }
  execution.compensations.push({ step: found, input, prefix, at: execution.current })
}

/** Without the keys that were not given: what is left is mostly plain JSON. */
function given<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Partial<T>
}
