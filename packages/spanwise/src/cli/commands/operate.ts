import type { App, BulkTarget } from '../../app/index.ts'
import { findSignal, type StandardSchemaV1 } from '../../workflow/index.ts'
import { done } from '../done.ts'
import { readEdits } from '../edits.ts'
import { findRun } from '../find.ts'
import { parseValue } from '../input.ts'
import { type Common, client } from '../open.ts'
import { operation } from '../output/describe.ts'
import type { Terminal } from '../terminal.ts'
import { exitCode, usage } from '../usage.ts'
import { whoami } from '../whoami.ts'
import { type Telling, tellMany } from './bulk.ts'

export async function sendSignal(
  terminal: Terminal,
  text: string,
  name: string,
  value: string | undefined,
  options: Common & { readonly sendId?: string },
): Promise<number> {
  return client(options, async (app, store) => {
    const run = await findRun(app, text)
    // the config that was loaded may define the signal; the worker checks the value in any case
    const schema = findSignal(name)?.schema as StandardSchemaV1 | undefined
    const signal = { signalName: name, schema, wait: never }
    const send = run.signal as (...args: readonly unknown[]) => Promise<void>
    const sendId = options.sendId === undefined ? {} : { sendId: options.sendId }
    await send(signal, parseValue(value, 'The value'), sendId)
    done(terminal, store, `signal ${name} sent to ${run.id}`, { run: run.id, signal: name })
    return exitCode.ok
  })
}

function never(): Promise<never> {
  return Promise.reject(new Error('signals are sent here, not waited for'))
}

export interface TargetOptions extends Common {
  readonly fingerprint?: string
  readonly workflow?: string
  readonly tag?: readonly string[]
  readonly dryRun?: boolean
  readonly after?: string
}

export interface ResumeOptions extends TargetOptions {
  readonly editInput?: string
  readonly editResult?: readonly string[]
  readonly allow?: readonly string[]
  readonly discard?: boolean
  readonly by?: string
}

export async function resume(terminal: Terminal, text: string | undefined, options: ResumeOptions): Promise<number> {
  const edits = readEdits(options.editInput, options.editResult)
  const how = {
    by: options.by ?? whoami(),
    ...edits,
    ...(options.allow === undefined ? {} : { allow: options.allow }),
    ...(options.discard === true ? { discard: true } : {}),
    ...(options.dryRun === true ? { dryRun: true } : {}),
  }
  const target = bulkTarget(text, options)
  return client(options, async (app, store) => {
    if (target !== undefined) {
      const telling = await tellingOf(app, 'resumed', 'resume', target, options)
      return tellMany(terminal, store, telling, (more) => app.resume(target, { ...how, ...behind(options), ...more }))
    }
    const run = await findRun(app, text as string)
    await run.resume(how)
    const where = await parkedAt(app, run.id)
    const verb = options.dryRun === true ? 'would be resumed' : 'resumed'
    const at = where === undefined ? '' : ` from ${where}`
    done(terminal, store, `${run.id} ${verb}${at}`, {
      run: run.id,
      resumed: options.dryRun !== true,
      from: where ?? null,
    })
    if (!terminal.json && options.dryRun !== true) terminal.note(`follow it: spanwise runs follow ${run.id}`)
    return exitCode.ok
  })
}

/** the operation that the run goes on from */
async function parkedAt(app: App, id: string): Promise<string | undefined> {
  const run = await app.get(id)
  if (run === undefined) return undefined
  let key: string | undefined
  for await (const event of run.events()) {
    if (event.kind !== 'run.parked') continue
    key = typeof event.meta['operation'] === 'string' ? operation(event.meta['operation']) : undefined
  }
  return key
}

export async function end(
  terminal: Terminal,
  kind: 'cancel' | 'giveUp',
  text: string | undefined,
  options: TargetOptions & { readonly reason?: string },
): Promise<number> {
  const reason = options.reason ?? `${kind === 'cancel' ? 'cancelled' : 'given up'} by ${whoami()}`
  const target = bulkTarget(text, options)
  const past = kind === 'cancel' ? 'told to cancel' : 'given up'
  return client(options, async (app, store) => {
    const how = { reason, ...(options.dryRun === true ? { dryRun: true } : {}) }
    if (target !== undefined) {
      const telling = await tellingOf(app, past, kind === 'cancel' ? 'cancel' : 'give-up', target, options)
      return tellMany(terminal, store, telling, (more) => app[kind](target, { ...how, ...behind(options), ...more }))
    }
    const run = await findRun(app, text as string)
    if (options.dryRun !== true) await run[kind](reason)
    const verb = options.dryRun === true ? `would be ${past}` : past
    done(terminal, store, `${run.id} ${verb}`, { run: run.id, done: options.dryRun !== true })
    return exitCode.ok
  })
}

/** undefined where one run is named. @throws USAGE when both or nothing is said */
function bulkTarget(text: string | undefined, options: TargetOptions): BulkTarget | undefined {
  const { fingerprint, workflow, tag } = options
  const many = fingerprint !== undefined || workflow !== undefined || tag !== undefined
  if (many === (text !== undefined)) {
    throw usage(
      many ? 'One run and a filter are named at once.' : 'No run is named.',
      'Name one run, or many by --fingerprint, --workflow or --tag.',
    )
  }
  if (!many) return undefined
  return {
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...(workflow === undefined ? {} : { workflow }),
    ...(tag === undefined ? {} : { tags: tag }),
  }
}

function behind({ after }: TargetOptions): { readonly after?: string } {
  return after === undefined ? {} : { after }
}

async function tellingOf(
  app: App,
  past: string,
  verb: string,
  target: BulkTarget,
  options: TargetOptions,
): Promise<Telling> {
  const { fingerprint, workflow, tag } = options
  const words = [
    ...(fingerprint === undefined ? [] : ['--fingerprint', fingerprint]),
    ...(workflow === undefined ? [] : ['--workflow', workflow]),
    ...(tag ?? []).flatMap((one) => ['--tag', one]),
  ]
  const known = target.fingerprint !== undefined && target.tags === undefined && options.after === undefined
  const [failure] = known ? (await app.failures({ fingerprint: target.fingerprint as string, limit: 1 })).items : []
  return {
    past,
    dryRun: options.dryRun === true,
    again: ['spanwise', verb, ...words.map((word) => (/^[\w.:/-]+$/.test(word) ? word : JSON.stringify(word)))].join(
      ' ',
    ),
    total: failure?.needsAttention,
  }
}
