import { checkPayloadSize, decode, encode, type Mail } from '../journal/index.ts'
import {
  type ApprovalAnswer,
  type Operation,
  parse,
  parseForm,
  type StandardSchemaV1,
  signalSchemas,
} from '../workflow/index.ts'
import { childRunId } from './children.ts'
import type { RunHome } from './run-home.ts'

/** Turns mail into deliveries, in the order in which it came. Mail that the run has seen is passed over. */
export async function deliverMail(home: RunHome, mail: readonly Mail[]): Promise<void> {
  for (const one of mail) {
    if (home.dropped) return
    if (home.seenMail.has(one.id)) continue
    // a parked run is moved by operators only; the rest stays in its inbox
    if (home.execution.parked && one.kind !== 'resume' && one.kind !== 'cancel' && one.kind !== 'give-up') continue
    home.seenMail.add(one.id)
    await deliver(home, one)
  }
}

async function deliver(home: RunHome, mail: Mail): Promise<void> {
  switch (mail.kind) {
    case 'signal':
      return deliverSignal(home, mail)
    case 'cancel':
    case 'give-up': {
      const { reason, by } = decode(mail.payload ?? '{}') as { reason?: string; by?: string }
      home.execution.offer({
        kind: 'run.cancelling',
        meta: { how: mail.kind },
        payload: encode({ reason, by }),
        taken: () => home.took(mail),
      })
      return
    }
    case 'decision':
      return deliverDecision(home, mail)
    case 'child': {
      const operation = find(home, mail.name)
      if (operation === undefined || runOf(mail) !== childRunId(home, operation)) return home.took(mail)
      home.execution.offer({
        kind: 'child.settled',
        operation,
        payload: mail.payload,
        input: operation.spec.input,
        taken: () => home.took(mail),
      })
      return
    }
    case 'resume':
      return home.resume(mail)
    case 'step': {
      const { claim, kind, payload, attempt } = decode(mail.payload ?? '{}') as {
        claim: string
        kind: 'step.result' | 'step.error'
        payload: string
        attempt: number
      }
      const operation = find(home, mail.name)
      const runner = home.claimed(claim)
      if (operation === undefined || runner?.operation !== operation) return home.took(mail)
      runner.stop('abandoned', new Error('an earlier attempt answered'))
      home.execution.offer({
        kind,
        operation,
        attempt,
        meta: { claim },
        payload,
        input: operation.spec.input,
        taken: () => home.took(mail),
      })
      return
    }
  }
}

/** A signal that does not fit its schema is kept as a note, and nobody waits for it. */
async function deliverSignal(home: RunHome, mail: Mail): Promise<void> {
  const { execution } = home
  let payload = mail.payload
  const schemas = schemasFor(home, mail.name)
  if (schemas.length > 0) {
    try {
      const parsed = await parseAny(schemas, payload === undefined ? undefined : decode(payload), mail.name)
      payload = parsed === undefined ? undefined : encode(parsed, `signal "${mail.name}"`)
      if (payload !== undefined) checkPayloadSize(payload, `Signal "${mail.name}"`)
    } catch (error) {
      if (home.dropped) return
      execution.note(
        execution.root,
        `signal(${mail.name}):refused:${mail.id}`,
        { refused: 'signal', signal: mail.name },
        encode({ error: String(error), value: mail.payload }),
      )
      return home.took(mail)
    }
  }
  execution.offer({ kind: 'signal.received', meta: { signal: mail.name }, payload, taken: () => home.took(mail) })
}

/** Whoever waits says what it must fit; an early one, any of the signals with that name. */
function schemasFor(home: RunHome, name: string): readonly StandardSchemaV1[] {
  for (const { spec } of home.execution.operations)
    if (spec.kind === 'signal' && spec.name === `signal(${name})`) return spec.form === undefined ? [] : [spec.form]
  return signalSchemas(name) as readonly StandardSchemaV1[]
}

async function parseAny(schemas: readonly StandardSchemaV1[], value: unknown, name: string): Promise<unknown> {
  let first: { readonly error: unknown } | undefined
  for (const schema of schemas) {
    try {
      return await parse(schema, value, 'INVALID_INPUT', `Signal "${name}"`)
    } catch (error) {
      first ??= { error }
    }
  }
  throw first?.error
}

async function deliverDecision(home: RunHome, mail: Mail): Promise<void> {
  const { execution } = home
  const operation = find(home, mail.name)
  if (operation === undefined) return home.took(mail)
  const answer = decode(mail.payload ?? '{}') as ApprovalAnswer
  try {
    const form = answer.approve ? await parseForm(operation.spec.form, answer.form) : undefined
    execution.offer({
      kind: 'approval.decided',
      operation,
      meta: { approve: answer.approve, ...(answer.delegateTo === undefined ? {} : { delegated: true }) },
      payload: encode({ ...answer, form }, 'decision'),
      input: operation.spec.input,
      taken: () => home.took(mail),
    })
  } catch (error) {
    if (home.dropped) return
    // decided past a worker that could have checked the form: ask again
    execution.note(
      operation.scope,
      `${mail.name}:refused:${mail.id}`,
      { refused: 'form' },
      encode({ error: String(error), answer }),
    )
    home.reopenApproval(operation)
    home.took(mail)
  }
}

/** Which child it is about: a superseded one has the same key as the one that took its place. */
function runOf(mail: Mail): string {
  return (decode(mail.payload ?? '{}') as { readonly run: string }).run
}

function find(home: RunHome, key: string): Operation | undefined {
  for (const operation of home.execution.operations) if (operation.key === key) return operation
  return undefined
}
