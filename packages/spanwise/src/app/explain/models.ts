import { answerText, callsOf, type DecisionCall } from '../decisions/calls.ts'
import type { RunEvent } from '../event.ts'
import type { Sentence, Teller } from './tell.ts'
import { count, list, value, why } from './words.ts'

/** A model that was asked in the body of the workflow. */
export const tellModel: Teller = (event, telling) => {
  const [call] = callsOf(telling.of(event), new Map())
  if (call === undefined) return undefined
  return { text: `It asked ${asked(call)}. ${went(call)}`, entries: call.entries }
}

/** The models that a step asked, in its own sentence. */
export function callSentences(own: readonly RunEvent[]): readonly Sentence[] {
  return callsOf(own, new Map()).map((call) => ({
    text: `It asked ${asked(call)}. ${went(call)}`,
    entries: call.entries,
  }))
}

function asked({ alias, prompt, kind }: DecisionCall): string {
  if (kind === 'embedding') return `${alias} for embeddings`
  return prompt === undefined ? alias : `${alias} with prompt ${prompt.id}, version ${prompt.version}`
}

function went(call: DecisionCall): string {
  return [...reasons(call), outcome(call)].join(' ')
}

/** Why it was this model and no other, as far as that is on record. */
function reasons({ movedTo, passedOver, waits }: DecisionCall): readonly string[] {
  const said: string[] = []
  if (movedTo !== undefined) said.push(`A budget was used up, so ${movedTo} was asked in its place.`)
  for (const { error, lost } of waits)
    said.push(
      lost
        ? 'The process ended while it was being asked, and it was asked again.'
        : `Nobody answered at first (${why(error)}), so it was asked again later.`,
    )
  if (passedOver !== undefined)
    said.push(`${list(passedOver.split('; ').map(readable))} did not answer, so the next one was asked.`)
  return said
}

/** `openai.responses gpt-5: rate limit` as `gpt-5 (rate limit)` */
function readable(one: string): string {
  const [, model, reason] = /^\S+ (.*): (.*)$/.exec(one) ?? []
  return model === undefined ? one : `${model} (${reason})`
}

function outcome(call: DecisionCall): string {
  const name = call.answered ?? call.model
  if (call.kind === 'embedding' && call.state === 'answered') return `${name} answered.`
  switch (call.state) {
    case 'answered':
      return `${name} answered${first(call)}${said(call)}.${changed(call)}`
    case 'refused':
      return `${name} answered, and its answer was refused: ${why(call.error)}.`
    case 'failed':
      return call.stoppedBy === undefined
        ? `It failed: ${why(call.error)}.`
        : `Budget ${call.stoppedBy} stopped it: ${why(call.error)}.`
    case 'open':
      return 'No answer is on record.'
  }
}

function changed({ replaced }: DecisionCall): string {
  return replaced === undefined ? '' : ` Until then ${replaced} had answered under that name.`
}

function first({ passedOver, movedTo, waits, tries }: DecisionCall): string {
  if (passedOver !== undefined || movedTo !== undefined || waits.length > 0) return ''
  return tries === 1 ? ' at the first request' : tries > 1 ? ` after ${count(tries, 'request')}` : ''
}

function said({ answer, tools }: DecisionCall): string {
  const text = answerText(answer)
  const used = tools.length === 0 ? '' : ` and wanted to use ${list([...new Set(tools.map(({ name }) => name))])}`
  return `${text === '' ? '' : ` ${value(text)}`}${used}`
}
