import { decode, SpanwiseError } from '../journal/index.ts'
import { openApps } from './outside.ts'
import type { Delivered, Settlement } from './runtime/model.ts'
import type { ModelAnswer, ModelHome, ModelRequest } from './runtime/model-call.ts'
import { frames } from './runtime/scope.ts'

/** Where a model call belongs. */
type ModelPlace =
  | { readonly kind: 'run'; call(request: ModelRequest): Promise<ModelAnswer> }
  | { readonly kind: 'step'; readonly whole: boolean; call(request: ModelRequest): Promise<ModelAnswer> }
  /** in no run: the app is the one that is open, if one is */
  | { readonly kind: 'outside'; readonly home: ModelHome | undefined }

/**
 * Where a model call that is made now belongs: to the run around it, to the step around it, to the only open app.
 * @throws AMBIGUOUS_APP with two, where none of them claims `owner`
 */
export function modelPlace(owner: object): ModelPlace {
  const frame = frames.getStore()
  if (frame?.kind === 'scope') {
    return {
      kind: 'run',
      call: (request) =>
        frame.execution.issue<ModelAnswer>(frame, {
          kind: 'model',
          // the hash is in the key: what is asked at once is told apart by what is asked, not by its order
          name: `model[${frame.execution.keyToken(request.hash, frame.subject)}]`,
          input: request.hash,
          effect: { type: 'model', request },
          settle: settleModel,
          onDrift: 'keep',
        }),
    }
  }
  const models = frame?.models
  if (models !== undefined) return { kind: 'step', whole: models.whole, call: (request) => models.call(request) }
  return { kind: 'outside', home: onlyHome(owner) }
}

function onlyHome(owner: object): ModelHome | undefined {
  const open = openApps()
  const claimed = open.filter((one) => one.owns === owner)
  const candidates = claimed.length > 0 ? claimed : open
  if (candidates.length < 2) return candidates[0]?.home
  throw new SpanwiseError({
    code: 'AMBIGUOUS_APP',
    message: `A model was called outside of a run while ${candidates.length} apps are open in this process: it is not known whose budgets and limits count.`,
    hint: 'Call it in a workflow or a step, or open one of the apps with spanwise({ models }).',
  })
}

function settleModel(entry: Delivered): Settlement | undefined {
  if (entry.kind === 'model.result') return { ok: true, value: { value: answerOf(entry), meta: entry.meta } }
  if (entry.kind === 'model.error') return { ok: false, error: answerOf(entry) }
  return undefined
}

/** What a model answered, or why it did not, from its entry. */
export function answerOf(entry: Pick<Delivered, 'payload' | 'key'>): unknown {
  if (entry.payload !== undefined) return decode(entry.payload)
  throw new SpanwiseError({
    code: 'ERASED',
    message: `The answer of "${entry.key}" was erased.`,
    hint: 'The run cannot go on without it: give it up, or fork it from before.',
    step: entry.key,
  })
}

/** What the app of the step around this has for it; undefined outside of steps, and in one that runs on a thread. */
export function stepHome(): ModelHome | undefined {
  const frame = frames.getStore()
  return frame?.kind === 'step' ? frame.models?.home : undefined
}
