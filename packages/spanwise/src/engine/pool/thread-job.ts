import { decode, encode } from '../../journal/index.ts'
import {
  definitionOf,
  findStep,
  frames,
  runFunction,
  type StepContext,
  type StepDefinition,
} from '../../workflow/index.ts'
import { moduleFailed, stepUnknown } from './errors.ts'
import { encodeThrown, type FromThread, type ThreadJob } from './wire.ts'

/** Never rejects: how it went is posted. */
export async function perform(
  id: number,
  job: ThreadJob,
  context: StepContext,
  post: (message: FromThread) => void,
): Promise<void> {
  let loaded = false
  try {
    await load(job)
    loaded = true
    const definition = find(job)
    context.abortSignal.throwIfAborted()
    post({ id, type: 'begun' })
    const frame = { kind: 'step' as const, step: job.step, context }
    const result = await frames.run(frame, () => runFunction(definition, decode(job.input), context))
    post({ id, type: 'result', value: encode(result, `result of "${job.step}"`) })
  } catch (error) {
    post({ id, type: 'error', error: encodeThrown(error, `error of "${job.step}"`), spoilt: !loaded })
  }
}

/** A module that is loaded already is not loaded again. */
async function load({ step, module }: ThreadJob): Promise<void> {
  try {
    await import(module)
  } catch (cause) {
    throw moduleFailed(step, module, cause)
  }
}

function find({ step, module }: ThreadJob): StepDefinition {
  const definition = definitionOf(findStep(step))
  if (definition === undefined) throw stepUnknown(step, module)
  return definition
}
