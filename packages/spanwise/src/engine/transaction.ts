import { checkPayloadSize, decode, encode, type NewEntry } from '../journal/index.ts'
import {
  classify,
  frames,
  isRetried,
  milliseconds,
  type Operation,
  type OperationHistory,
  parse,
  type StepContext,
  type StepDefinition,
  stepPayload,
} from '../workflow/index.ts'
import { backoffDelay } from './backoff.ts'
import { Pending } from './pending.ts'
import type { RunHome } from './run-home.ts'
import { encodeError, idempotencyKey } from './step-runner.ts'

/**
 * `step.transaction`: the user's writes and the entry of their result are one commit. What else the run has to write goes with it,
 * so that its history never has a gap.
 */
export async function runTransaction(
  home: RunHome,
  operation: Operation,
  history: OperationHistory | undefined,
): Promise<void> {
  const definition = (operation.spec.effect as { definition: unknown }).definition as StepDefinition
  const { attempts = 3, backoff = 1_000, retryOn } = definition.options
  const edits = history?.edited?.count ?? 0
  const input = history?.edited === undefined ? (operation.spec.input as string) : encode(history.edited.value)
  for (let attempt = (history?.attempts.length ?? 0) + 1; ; attempt++) {
    const started = performance.now()
    try {
      const value = await parse(
        definition.input,
        decode(input),
        'INVALID_INPUT',
        `The input of step "${definition.name}"`,
      )
      return await perform(home, operation, definition, input, value, attempt, edits)
    } catch (error) {
      if (home.dropped || operation.state !== 'open') return
      const failure = classify(error)
      const ms = performance.now() - started
      if (attempt >= attempts || !(retryOn === undefined ? isRetried(failure) : retryOn(error))) {
        home.execution.offer({
          kind: 'step.error',
          operation,
          attempt,
          meta: { class: failure, ms },
          payload: stepPayload(input, encodeError(error)),
          input: operation.spec.input,
        })
        return
      }
      const delay = backoffDelay(milliseconds(backoff, 'backoff'), attempt + 1)
      const retryAt = home.now() + delay
      home.execution.record(operation, {
        kind: 'step.attempt',
        attempt,
        meta: { class: failure, retryAt, ms },
        payload: stepPayload(input, encodeError(error)),
        input: operation.spec.input,
      })
      await new Promise<void>((resolve) => home.wakeAt(operation, retryAt, resolve))
      if (home.dropped || operation.state !== 'open') return
    }
  }
}

async function perform(
  home: RunHome,
  operation: Operation,
  definition: StepDefinition,
  input: string,
  value: unknown,
  attempt: number,
  edits: number,
): Promise<void> {
  const { execution, engine, row } = home
  const context: StepContext = {
    idempotencyKey: idempotencyKey(execution, operation, edits),
    attempt,
    abortSignal: execution.abort.signal,
    heartbeat: () => {},
    progress: (progress) => engine.events.progress(row.run, progress),
    log: engine.log,
    run: execution.run,
  }
  const started = performance.now()
  let written: { readonly entry: NewEntry; readonly with: Pending } | undefined
  const answer = await engine.store
    .transact(row, row.epoch, (tx) => {
      // the run may have changed its mind while the store made room
      if (home.dropped || operation.state !== 'open') throw new Unwanted()
      const fake = engine.fakes.get(definition.name)
      const result =
        fake === undefined
          ? frames.run({ kind: 'step', step: definition.name, context }, () => definition.fn(tx, value, context))
          : fake(value)
      if (result instanceof Promise) {
        throw new TypeError(`Step "${definition.name}" returned a promise: a transaction on SQLite is synchronous.`)
      }
      const text = encode(result, `result of "${definition.name}"`)
      const payload = stepPayload(input, text)
      checkPayloadSize(payload, `The result of "${definition.name}"`)
      const entry = execution.reserve(operation, {
        kind: 'step.result',
        attempt,
        meta: { ms: performance.now() - started, transaction: true },
        payload,
        input: operation.spec.input,
      })
      const pending = home.pending
      home.pending = new Pending()
      pending.park = undefined
      pending.entries.push(entry)
      written = { entry, with: pending }
      return { change: pending.change(row, row.epoch), value: undefined }
    })
    .catch((error: unknown) => {
      if (error instanceof Unwanted) return undefined
      // what went with it is not written: the run in memory is ahead of the store
      if (written !== undefined) home.discard('a transaction could not be committed', true)
      throw error
    })
  if (answer === undefined || home.dropped) return
  if (answer.state === 'fenced') return home.discard('its lease is lost', false)
  const { entry } = written as { entry: NewEntry }
  home.reached(entry.index)
  engine.events.changed(row.run, undefined)
  execution.offer({ kind: 'step.result', operation, attempt, written: entry })
}

class Unwanted extends Error {}
