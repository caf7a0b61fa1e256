import type { Desk, Handed } from '../engine/index.ts'
import { encode, SpanwiseError } from '../journal/index.ts'
import { parse, stepPayload } from '../workflow/index.ts'
import type { Backend } from './backend.ts'

/** A step that another program performs, handed to it. */
export interface ClaimedStep {
  /** shown at each heartbeat and at the end */
  readonly claim: string
  readonly run: string
  readonly tenant: string
  readonly workflow: string
  readonly step: string
  readonly pool: string
  readonly attempt: number
  /** the same over all attempts: with it the other side can tell a repetition */
  readonly idempotencyKey: string
  readonly input: unknown
  /** without a heartbeat by then it is handed to another one */
  readonly until: Date
}

/** What programs outside need to perform steps of `step.external`. */
export interface ExternalSteps {
  /** Takes a step of one of the pools; undefined when none has come until the abort. */
  claim(
    options: { readonly pools: readonly string[]; readonly tenant?: string; readonly lease?: number },
    signal: AbortSignal,
  ): Promise<ClaimedStep | undefined>
  /** whose step it is. @throws CLAIM_LOST */
  tenantOf(claim: string): Promise<string>
  /** Keeps it. @throws CLAIM_LOST */
  heartbeat(claim: string, options?: { readonly lease?: number; readonly progress?: unknown }): Promise<Date>
  /** Durable when it resolves. @throws CLAIM_LOST, INVALID_OUTPUT */
  complete(claim: string, result: unknown): Promise<void>
  /** It is tried again as the step says, unless `retry` is false. @throws CLAIM_LOST */
  fail(claim: string, error: ExternalFailure): Promise<void>
}

export interface ExternalFailure {
  readonly message: string
  readonly name?: string
  readonly code?: string
  /** false: trying again does not help */
  readonly retry?: boolean
}

const defaultLease = 60_000

export function externalSteps(desk: Desk, backend: Backend, now: () => number): ExternalSteps {
  return {
    async claim({ pools, tenant, lease = defaultLease }, signal) {
      const handed = await desk.take({ pools, tenant, lease }, signal)
      return handed === undefined ? undefined : claimed(handed)
    },
    tenantOf: async (claim) => (await desk.holding(claim)).tenant,
    heartbeat: async (claim, { lease = defaultLease, progress } = {}) =>
      new Date(await desk.heartbeat(claim, lease, progress)),
    async complete(token, result) {
      const { definition, run, key, attempt, claim, inputText } = await desk.holding(token)
      const what = `The result of step "${definition.name}"`
      const output = await parse(definition.output, result, 'INVALID_OUTPUT', what)
      const payload = stepPayload(inputText, encode(output, what))
      // by the inbox: it is durable when this is answered, whoever has the run by then
      const sent = await backend.send({
        run,
        kind: 'step',
        name: key,
        payload: encode({ claim, kind: 'step.result', attempt, payload }),
        dedupe: `step ${claim} ${attempt}`,
        at: now(),
      })
      if (sent.state === 'ok' || sent.state === 'duplicate') return
      throw new SpanwiseError({
        code: 'RUN_ENDED',
        message: `Run ${run} has ended: it takes no result any more.`,
        hint: 'Stop working on this step.',
        run,
      })
    },
    async fail(claim, { message, name = 'ExternalError', code, retry }) {
      const error = Object.assign(new Error(message), { name, ...(code === undefined ? {} : { code }) })
      await desk.fail(claim, retry === false ? Object.assign(error, { failureClass: 'bug' }) : error)
    },
  }
}

/** Where nobody works, nothing is handed out. */
export function noExternalSteps(): ExternalSteps {
  const refuse = async (): Promise<never> => {
    throw new SpanwiseError({
      code: 'EXTERNAL_NEEDS_WORKER',
      message: 'This process does not work on the store: it has no steps to hand out.',
      hint: 'Ask the process that works: spanwise start, without --no-work.',
    })
  }
  return { claim: refuse, tenantOf: refuse, heartbeat: refuse, complete: refuse, fail: refuse }
}

function claimed({ task, token, until }: Handed): ClaimedStep {
  const { run, tenant, workflow, step, pool, attempt, idempotencyKey, input } = task
  return { claim: token, run, tenant, workflow, step, pool, attempt, idempotencyKey, input, until: new Date(until) }
}
