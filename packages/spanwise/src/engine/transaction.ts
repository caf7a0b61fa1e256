import {
  checkPayloadSize,
  decode,
  encode,
  type NewEntry,
  type RunChange,
  type SqlTransaction,
} from '../journal/index.ts'
import {
  decisionMeta,
  frames,
  milliseconds,
  type Operation,
  type OperationHistory,
  parse,
  type StepContext,
  type StepDefinition,
  stepPayload,
} from '../workflow/index.ts'
import { backoffDelay } from './backoff.ts'
import { Cited } from './cited.ts'
import { encodeError } from './error-text.ts'
import { judge } from './judge.ts'
import { Pending } from './pending.ts'
import type { RunHome } from './run-home.ts'
import { idempotencyKey, inputOf } from './step-runner.ts'

/**
 * `step.transaction`: the user's writes and the entry of their result are one commit. What else the run has to write goes with it,
 * so that its history never has a gap.
 * @returns when to try again, if it is worth it
 */
export async function runTransaction(
  home: RunHome,
  operation: Operation,
  attempt: number,
  edited: OperationHistory['edited'],
): Promise<{ readonly attempt: number; readonly at: number } | undefined> {
  const definition = (operation.spec.effect as { definition: unknown }).definition as StepDefinition
  const { attempts = 3, backoff = 1_000 } = definition.options
  const input = inputOf(operation, edited)
  const started = performance.now()
  try {
    const value = await parse(
      definition.input,
      decode(input),
      'INVALID_INPUT',
      `The input of step "${definition.name}"`,
    )
    await home.writeAlone(() => perform(home, operation, definition, input, value, attempt, edited?.count ?? 0))
    return undefined
  } catch (thrown) {
    if (home.dropped || operation.state !== 'open') return undefined
    const { error, failure, again } = judge(definition, thrown)
    const ms = performance.now() - started
    const entry = { attempt, payload: stepPayload(input, encodeError(error)), input: operation.spec.input }
    if (attempt >= attempts || !again) {
      home.execution.offer({
        ...entry,
        kind: 'step.error',
        operation,
        meta: { class: failure, ms, ...decisionMeta(definition) },
      })
      return undefined
    }
    const at = home.now() + backoffDelay(milliseconds(backoff, 'backoff'), attempt + 1, home.engine.random)
    home.execution.record(operation, {
      ...entry,
      kind: 'step.attempt',
      meta: { class: failure, retryAt: at, ms },
    })
    return { attempt: attempt + 1, at }
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
  const cited = new Cited(definition.name)
  const context: StepContext = {
    idempotencyKey: idempotencyKey(execution, operation, edits),
    attempt,
    abortSignal: execution.abort.signal,
    heartbeat: () => {},
    progress: (progress) => engine.events.progress(row.run, progress),
    cite: cited.cite,
    log: engine.log,
    run: execution.run,
  }
  const started = performance.now()
  const stray = (error: unknown): void =>
    engine.log.error(`a promise that step "${definition.name}" forgot was rejected`, { run: row.run, error })
  let written: { readonly entry: NewEntry; readonly with: Pending } | undefined
  let failed: { readonly error: unknown } | undefined
  const write = (tx: SqlTransaction): { readonly change: RunChange; readonly value: undefined } => {
    // the run may have changed its mind while the store made room
    if (home.dropped || operation.state !== 'open') throw new Unwanted()
    engine.events.attempt(row.run, definition.name)
    const fake = engine.fakes.get(definition.name)
    const result =
      fake === undefined
        ? frames.run({ kind: 'step', step: definition.name, context, stray }, () => definition.fn(tx, value, context))
        : fake(value, context)
    if (typeof (result as { then?: unknown } | null | undefined)?.then === 'function') {
      // it goes on outside of the transaction, where its failure is nobody's
      Promise.resolve(result).catch(() => {})
      throw new TypeError(`Step "${definition.name}" returned a promise: a transaction on SQLite is synchronous.`)
    }
    // what its function did not hear, or swallowed, is told here, before the result gets its place: it counts as an attempt
    tx.get('SELECT 1')
    const text = encode(result, `result of "${definition.name}"`)
    const payload = stepPayload(input, text)
    checkPayloadSize(payload, `The result of "${definition.name}"`)
    cited.record(execution, operation, attempt)
    const entry = execution.reserve(operation, {
      kind: 'step.result',
      attempt,
      meta: { ms: performance.now() - started, transaction: true, ...decisionMeta(definition) },
      payload,
      input: operation.spec.input,
    })
    const pending = home.pending
    home.pending = new Pending()
    pending.unpark()
    pending.add(entry)
    written = { entry, with: pending }
    return { change: pending.change(row, row.epoch), value: undefined }
  }
  const answer = await engine.store
    .transact(row, row.epoch, (tx) => {
      try {
        return write(tx)
      } catch (error) {
        failed = { error }
        throw error
      }
    })
    .catch((error: unknown) => {
      if (error instanceof Unwanted) return undefined
      if (failed !== undefined) throw error
      // the store failed, not the step: that is no attempt of it. What went with it is not written, so the run in memory may be
      // ahead of the store
      if (!home.dropped) {
        engine.log.error('a transaction could not be committed; its run is dropped from memory and tried again', {
          run: row.run,
          error,
        })
        home.discard('a transaction could not be committed', true)
      }
      return undefined
    })
  if (answer === undefined || home.dropped) return
  if (answer.state === 'fenced') return home.discard('its lease is lost', false)
  const { entry, with: pending } = written as { entry: NewEntry; with: Pending }
  home.wrote(pending)
  home.reached(entry.index)
  engine.events.changed(row.run, undefined)
  execution.offer({ kind: 'step.result', operation, attempt, written: entry })
}

class Unwanted extends Error {}
