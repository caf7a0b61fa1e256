import { decode, encodeCanonical, SpanwiseError } from '../journal/index.ts'
import { currentScope } from './current.ts'
import { type Duration, formatDuration, milliseconds } from './duration.ts'
import { TimeoutError } from './errors.ts'
import { callSite, registerSignal } from './registry.ts'
import { issuedIn, markWait } from './runtime/scope.ts'
import type { SchemaInput, SchemaOutput, StandardSchemaV1 } from './schema.ts'

export interface Signal<I, O = I> {
  readonly signalName: string
  readonly schema: StandardSchemaV1 | undefined
  readonly '~types'?: { readonly input: I }
  /**
   * Takes the next signal of this name: early ones wait in the run's mailbox, first in, first out.
   * @throws TimeoutError
   */
  wait(options?: { readonly timeout?: Duration }): Promise<O>
}

/**
 * Something that others tell a run. The value is validated when it is sent, and again when it is taken into the history.
 * @example const paid = signal('paid', z.object({ amount: z.number() })); const { amount } = await paid.wait({ timeout: '2d' })
 */
export function signal<S extends StandardSchemaV1>(name: string, schema: S): Signal<SchemaInput<S>, SchemaOutput<S>>
export function signal<T = void>(name: string): Signal<T>
export function signal(name: string, schema?: StandardSchemaV1): Signal<unknown> {
  if (typeof name !== 'string' || name === '' || /[#/[\]:@~()]/.test(name)) {
    throw new SpanwiseError({
      code: 'INVALID_NAME',
      message: `A signal cannot be named ${JSON.stringify(name)}.`,
      hint: 'Use a name without # / [ ] : @ ~ ( ), like "paid".',
    })
  }
  registerSignal(name, schema, schema === undefined ? '' : callSite(2))
  return { signalName: name, schema, wait: (options) => wait(name, schema, options?.timeout) }
}

function wait(name: string, schema: StandardSchemaV1 | undefined, timeout: Duration | undefined): Promise<unknown> {
  const scope = currentScope(`signal("${name}").wait()`)
  const { execution } = scope
  markWait(scope)
  const due = timeout === undefined ? undefined : issuedIn(scope).time + milliseconds(timeout, 'timeout')
  const spec = {
    kind: 'signal' as const,
    name: `signal(${name})`,
    input: encodeCanonical(timeout ?? null, 'timeout'),
    due,
    effect: { type: 'wait' as const },
    form: schema,
    settle: (entry: { readonly kind: string; readonly payload: string | undefined }) => {
      if (entry.kind === 'signal.received')
        return { ok: true as const, value: entry.payload === undefined ? undefined : decode(entry.payload) }
      if (entry.kind === 'timer.fired')
        return {
          ok: false as const,
          error: new TimeoutError(`Waiting for signal "${name}"`, formatDuration(milliseconds(timeout ?? 0))),
        }
      return undefined
    },
  }
  // refused calls must not take a letter
  const early = execution.refusal(scope, spec.name) === undefined ? execution.takeLetter(scope, name) : undefined
  return execution.issue(
    scope,
    spec,
    early === undefined
      ? undefined
      : { ok: true, value: early.payload === undefined ? undefined : decode(early.payload) },
  )
}
