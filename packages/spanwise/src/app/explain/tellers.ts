import type { Resumption } from '../../workflow/index.ts'
import { approvalsOf } from '../decisions/approvals.ts'
import { documentsOf } from '../decisions/calls.ts'
import type { RunEvent } from '../event.ts'
import { callSentences, tellModel } from './models.ts'
import { tellNote } from './notes.ts'
import { tellRound } from './rounds.ts'
import type { Sentence, Teller, Telling } from './tell.ts'
import { count, howLong, list, moment, operationName, value, why } from './words.ts'

/**
 * What each kind of entry has to say. This is the place where a construct adds its sentences: a teller here for a kind of its own, or
 * one in `notes.ts` for the notes that it leaves.
 */
export const tellers: Readonly<Partial<Record<RunEvent['kind'], Teller>>> = {
  'run.started': (event, { workflow, subject }) => {
    const { input, id, schedule } = (event.payload ?? {}) as {
      readonly input?: unknown
      readonly id?: string
      readonly schedule?: { readonly id: string }
    }
    const by = schedule === undefined ? '' : ` by schedule ${schedule.id}`
    const about = subject === undefined ? '' : `, about ${subject}`
    const named = id === undefined ? '' : ` as ${value(id)}`
    const given =
      event.payload === undefined
        ? '. What it was given was erased'
        : input === undefined
          ? ''
          : `. It was given ${value(input)}`
    return one(event, `${workflow} was started${named}${by} on ${moment(event.at)}${about}${given}.`)
  },
  'run.continued': (event) => {
    const { input } = (event.payload ?? {}) as { readonly input?: unknown }
    return one(event, `It started over with ${value(input)}.`)
  },
  'run.forked': (event) => one(event, 'From here on it is a fork: what is above was taken over from another run.'),
  'run.cancelling': (event) => {
    const { reason, by } = (event.payload ?? {}) as { readonly reason?: string; readonly by?: string }
    const { how } = event.meta
    if (how === 'deadline') return one(event, 'Its deadline passed.')
    const what = how === 'give-up' ? 'gave it up' : 'cancelled it'
    return one(event, `${by ?? 'An operator'} ${what}${reason === undefined ? '' : `: ${why(reason)}`}.`)
  },
  'run.parked': (event) => {
    const where = event.meta['operation']
    const at = typeof where === 'string' ? ` at ${operationName(where)}` : ''
    return one(event, `It stopped${at} and waited for a person: ${why(event.payload)}.`)
  },
  'run.resumed': (event) => {
    const { edit, results, by } = (event.payload ?? {}) as Resumption & { readonly by?: string }
    const changed =
      edit !== undefined ? ' with another input' : results !== undefined ? ' with a result of their own' : ''
    return one(event, `${by ?? 'An operator'} resumed it${changed} on ${moment(event.at)}.`)
  },
  'run.completed': (event, telling) =>
    one(event, `It completed after ${howLong(lasted(event, telling))}${result(event.payload)}.`),
  'run.failed': (event, telling) =>
    one(event, `It failed after ${howLong(lasted(event, telling))}: ${why(event.payload)}.`),
  'run.cancelled': (event, telling) => one(event, `It was cancelled after ${howLong(lasted(event, telling))}.`),
  'step.result': step,
  'step.error': step,
  'model.result': tellModel,
  'model.error': tellModel,
  'approval.decided': approval,
  'approval.withdrawn': approval,
  'timer.fired': (event, telling) => {
    if (event.key.includes('approval#')) return approval(event, telling)
    const [, signal] = /signal\((.*?)\)#/.exec(event.key) ?? []
    if (signal !== undefined) return one(event, `Signal ${signal} did not come in time.`)
    return one(event, `It waited until ${moment(event.at)}.`)
  },
  'signal.received': (event) => {
    const given = event.payload === undefined ? '' : `, with ${value(event.payload)}`
    return one(event, `Signal ${String(event.meta['signal'])} came${given}.`)
  },
  'child.settled': (event) => {
    const { run, status } = (event.payload ?? {}) as { readonly run?: string; readonly status?: string }
    return one(event, `Its child run ${run ?? ''} ended as ${status ?? 'unknown'}.`)
  },
  'scope.snapshot': (event, { events }) => tellRound(event, events),
  note: tellNote,
}

function one(event: RunEvent, text: string): Sentence {
  return { text, entries: [event.index] }
}

function lasted(event: RunEvent, { events }: { readonly events: readonly RunEvent[] }): number {
  return event.at.getTime() - (events[0]?.at.getTime() ?? 0)
}

function result(payload: unknown): string {
  return payload === undefined ? '' : `, with ${value(payload)}`
}

function step(event: RunEvent, telling: Telling): Sentence {
  const own = telling.of(event)
  const { result: given, error } = (event.payload ?? {}) as { readonly result?: unknown; readonly error?: unknown }
  const { decision } = event.meta
  const read = documentsOf(own).map(({ id, version }) => (version === undefined ? id : `${id} (version ${version})`))
  const tries = own.filter(({ kind }) => kind === 'step.attempt')
  const calls = callSentences(own)
  const name = nameOf(event.key)
  const said = [
    ...(read.length === 0 ? [] : [`Step ${name} read ${list(read)}.`]),
    ...calls.map(({ text }, n) =>
      n === 0 && read.length === 0 ? text.replace(/^It asked/, `Step ${name} asked`) : text,
    ),
    ...(calls.length === 0 && hadAnswers(event, own, telling)
      ? [`${read.length === 0 ? `Step ${name}` : 'It'} used the answers again that were on record.`]
      : []),
    ...tries.map(retry),
  ]
  const subject = said.length === 0 ? `Step ${name}` : 'It'
  return {
    text: [...said, outcome(event, subject, decision, given, error)].join(' '),
    entries: own.map(({ index }) => index),
  }
}

/** It was done again after a resume, and was told what models had answered it before. */
function hadAnswers({ key }: RunEvent, own: readonly RunEvent[], { events }: Telling): boolean {
  const from = own[0]?.index ?? 0
  return events.some((one) => one.kind === 'model.result' && one.index < from && one.key.startsWith(`${key}~`))
}

function outcome(event: RunEvent, subject: string, decision: unknown, given: unknown, error: unknown): string {
  if (event.payload === undefined) return `${subject} has an outcome that was erased.`
  if (event.kind === 'step.error') return `${subject} failed: ${why(error)}.`
  if (event.meta['edited'] === true) return `An operator gave its result: ${value(given)}.`
  if (event.meta['cached'] === true) {
    const { source, sourceIndex } = event.meta
    return `${subject} was given what run ${String(source)} had found (its entry ${String(sourceIndex)}): ${value(given)}.`
  }
  if (typeof decision === 'string') return `${subject} decided on ${decision}: ${value(given)}.`
  if (decision === true) return `${subject} decided: ${value(given)}.`
  return given === undefined || given === null ? `${subject} was done.` : `${subject} gave ${value(given)}.`
}

function retry({ attempt, meta, payload }: RunEvent): string {
  const { error } = (payload ?? {}) as { readonly error?: unknown }
  if (meta['lost'] === true) return 'Its process ended in the middle of it.'
  if (meta['asked'] !== undefined) return 'Whether it had taken effect could not be told yet.'
  if (meta['outage'] === true) return `It could reach no model (${why(error)}) and waited.`
  return `Attempt ${attempt} failed (${String(meta['class'] ?? 'error')}: ${why(error)}), so it was tried again.`
}

/** Compensations are steps too, and say that they undo. */
function nameOf(key: string): string {
  const [, undone] = /(?:^|\/)compensate#\d+\/(.*)$/.exec(key) ?? []
  return undone === undefined ? operationName(key) : `${operationName(undone)} (which undoes what was done before)`
}

function approval(event: RunEvent, { events }: { readonly events: readonly RunEvent[] }): Sentence | undefined {
  const asked = approvalsOf(events).find(({ entries }) => entries[1] === event.index)
  if (asked === undefined) return undefined
  const whom = asked.role === undefined ? 'a person' : `somebody with role ${asked.role}`
  const shown = asked.of === undefined ? '' : `, who was shown ${value(asked.of)}`
  const question =
    asked.question === undefined ? 'A question that was erased was asked' : `It asked ${whom} ${value(asked.question)}`
  const after = howLong(event.at.getTime() - asked.askedAt.getTime())
  const reason = asked.reason === undefined ? '' : `, saying ${value(asked.reason)}`
  const form = asked.form === undefined ? '' : `, and filled in ${value(asked.form)}`
  const who = asked.by ?? 'Somebody whose name was erased'
  const answers = {
    approved: `${who} approved it after ${after}${reason}${form}.`,
    rejected: `${who} rejected it after ${after}${reason}.`,
    expired: `Nobody answered within ${after}, which counts as no.`,
    withdrawn: 'The question was withdrawn before anybody answered.',
    open: '',
  }
  return { text: `${question}${shown}. ${answers[asked.state]}`, entries: asked.entries }
}

/** Many operations of the same name: what came of them, in one sentence. */
export function tellMany(key: string, events: readonly RunEvent[]): Sentence {
  const failed = events.filter(({ kind }) => kind.endsWith('.error'))
  const [first] = events as [RunEvent, ...RunEvent[]]
  const took = howLong((events.at(-1) as RunEvent).at.getTime() - first.at.getTime())
  const tail =
    failed.length === 0
      ? 'none failed'
      : `${failed.length} failed, the first one with: ${why((failed[0]?.payload as { error?: unknown } | undefined)?.error ?? failed[0]?.payload)}`
  const what = first.kind.startsWith('model.')
    ? 'asked a model'
    : `did ${operationName(key.split('/').at(-1) as string)}`
  const items = key.includes('[…]/') ? ', for items of an each,' : ''
  return {
    text: `It ${what} ${count(events.length, 'time')}${items} within ${took}; ${tail}.`,
    entries: events.map(({ index }) => index),
  }
}
