import { checkPayloadSize, encode } from '../journal/index.ts'
import { valueRefused } from '../redaction/index.ts'
import {
  classify,
  type Effect,
  type Execution,
  frames,
  type Offer,
  type Operation,
  type StepContext,
} from '../workflow/index.ts'
import { Cited } from './cited.ts'
import { encodeError } from './error-text.ts'
import type { EngineContext } from './options.ts'
import { idempotencyKey } from './step-runner.ts'

/** Pulls the next item of an `each`: the source is the user's code and runs as a step does. Never rejects. */
export async function pullItem(engine: EngineContext, execution: Execution, operation: Operation): Promise<Offer> {
  const { pull } = operation.spec.effect as Extract<Effect, { type: 'pull' }>
  const run = execution.run.id
  const cited = new Cited(operation.key)
  const context: StepContext = {
    idempotencyKey: idempotencyKey(execution, operation, 0),
    attempt: 1,
    abortSignal: execution.abort.signal,
    heartbeat: () => {},
    progress: (value) => engine.events.progress(run, value),
    cite: cited.cite,
    log: engine.log,
    run: execution.run,
  }
  const stray = (error: unknown): void =>
    engine.log.error('a promise that the source of an each forgot was rejected', { run, error })
  try {
    const pulled = await frames.run({ kind: 'step', step: operation.key, context, stray }, pull)
    cited.record(execution, operation, 1)
    if (pulled.done) return { kind: 'item.pulled', operation, meta: { done: true } }
    const { key, item } = pulled
    const subject = pulled.subject === undefined ? undefined : await execution.subjectToken(pulled.subject)
    checkKey(execution, operation, key)
    const payload = encode({ key, item }, `item ${key}`)
    checkPayloadSize(payload, `Item ${key}`)
    const meta = { done: false, ...(subject === undefined ? {} : { subject }) }
    return { kind: 'item.pulled', operation, meta, payload, subject }
  } catch (error) {
    const payload = `null\n${encodeError(error)}`
    return { kind: 'step.error', operation, attempt: 1, meta: { class: classify(error) }, payload }
  }
}

/** Items are told apart by their keys: two that became the same label would be taken for one. */
function checkKey({ redactor }: Execution, { spec }: Operation, key: string): void {
  const rules = redactor.within(spec.redact)
  if (rules.values === 'keep') return
  const { found } = rules.text(key)
  if (found !== '') throw valueRefused('The key of an item of each', found, 'Give items an opaque id as their key.')
}
