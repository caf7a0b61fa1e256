import type { Document } from '../../workflow/index.ts'
import type { RunEvent } from '../event.ts'
import { operationKey } from './list.ts'

/** One model call of a decision, from its entries. */
export interface DecisionCall {
  /** indexes of its entries */
  readonly entries: readonly number[]
  /** text or embedding */
  readonly kind: string
  /** name under which the gateway was asked, and under which it answered where a budget moved it to another */
  readonly alias: string
  readonly movedTo: string | undefined
  readonly provider: string
  /** the candidate that answered, as it was asked for */
  readonly model: string
  /** as it says that it answered, and the id that its provider gave the answer */
  readonly answered: string | undefined
  readonly answerId: string | undefined
  readonly prompt: { readonly id: string; readonly version: string; readonly hash: string } | undefined
  /** what was sent: messages, tools, settings; undefined once erased */
  readonly asked: unknown
  readonly answer: unknown
  readonly state: 'answered' | 'failed' | 'refused' | 'open'
  readonly error: unknown
  readonly tools: readonly DecisionTool[]
  readonly tokens: { readonly input: number | undefined; readonly output: number | undefined }
  /** nano-dollars: what it cost, the most that was held for it before it was sent, what was paid and not used */
  readonly cost: bigint | undefined
  readonly held: bigint | undefined
  readonly wasted: bigint | undefined
  /** that it counts in, and the one that stopped it */
  readonly budgets: readonly string[]
  readonly stoppedBy: string | undefined
  /** requests sent, candidates given up */
  readonly tries: number
  readonly failovers: number
  /** why each was given up, where that is on record */
  readonly passedOver: string | undefined
  /** who answered under this name until this call, where that was another */
  readonly replaced: string | undefined
  readonly ms: number | undefined
  /** times that nobody could be asked, or that a process died while it was being asked */
  readonly waits: readonly {
    readonly index: number
    readonly at: Date
    readonly error: unknown
    readonly lost: boolean
  }[]
}

export interface DecisionTool {
  readonly name: string
  readonly input: unknown
  /** what it gave back, where a later call was told */
  readonly result: unknown
}

/** The model calls among the entries of one operation, in the order in which they were asked. */
export function callsOf(events: readonly RunEvent[], results: ReadonlyMap<string, unknown>): readonly DecisionCall[] {
  const byKey = new Map<string, RunEvent[]>()
  for (const event of events) {
    if (!event.kind.startsWith('model.')) continue
    const before = byKey.get(event.key)
    if (before === undefined) byKey.set(event.key, [event])
    else before.push(event)
  }
  return [...byKey.values()].map((own) => callOf(own, results))
}

function callOf(own: readonly RunEvent[], results: ReadonlyMap<string, unknown>): DecisionCall {
  const end = own.findLast(({ kind }) => kind === 'model.result' || kind === 'model.error')
  const refused = own.findLast(({ kind }) => kind === 'model.rejected')
  const question = own.find(({ kind, payload }) => kind === 'model.call' && payload !== undefined)
  const asked = question?.meta['alias'] as string | undefined
  const { meta } = end ?? (own.at(-1) as RunEvent)
  const text = (name: string): string | undefined => (typeof meta[name] === 'string' ? meta[name] : undefined)
  const number = (name: string): number | undefined => (typeof meta[name] === 'number' ? meta[name] : undefined)
  const money = (name: string): bigint | undefined => {
    const amount = number(name)
    return amount === undefined ? undefined : BigInt(Math.round(amount))
  }
  const id = text('prompt')
  const answer = end?.kind === 'model.result' ? end.payload : undefined
  return {
    entries: own.map(({ index }) => index),
    kind: text('call') ?? 'text',
    alias: asked ?? text('alias') ?? '',
    movedTo: asked !== undefined && asked !== text('alias') ? text('alias') : undefined,
    provider: text('provider') ?? '',
    model: text('model') ?? '',
    answered: text('answered'),
    answerId: text('response'),
    prompt: id === undefined ? undefined : { id, version: text('promptVersion') ?? '', hash: text('promptHash') ?? '' },
    asked: question?.payload,
    answer,
    state:
      end === undefined
        ? 'open'
        : end.kind === 'model.error'
          ? 'failed'
          : refused === undefined
            ? 'answered'
            : 'refused',
    error: end?.kind === 'model.error' ? end.payload : refused?.payload,
    tools: toolsOf(answer, results),
    tokens: { input: number('input'), output: number('output') },
    cost: money('cost'),
    held: money('bound'),
    wasted: money('wasted'),
    budgets: text('budgets')?.split(', ') ?? [],
    stoppedBy: text('budget'),
    tries: number('tries') ?? 0,
    failovers: number('failovers') ?? 0,
    passedOver: text('passedOver'),
    replaced: text('replaced'),
    ms: number('ms'),
    waits: own
      .filter(({ kind }) => kind === 'model.attempt')
      .map(({ index, at, payload, meta: facts }) => ({
        index,
        at,
        error: payload,
        lost: facts['unconfirmed'] === true,
      })),
  }
}

type Part = Readonly<Record<string, unknown>>

/** The parts of an answer, whole or streamed. */
export function partsOf(answer: unknown): readonly Part[] {
  const { content, parts } = (answer ?? {}) as { readonly content?: unknown; readonly parts?: unknown }
  const list = Array.isArray(content) ? content : Array.isArray(parts) ? parts : []
  return list.filter((part): part is Part => typeof part === 'object' && part !== null)
}

/** What an answer says in words. */
export function answerText(answer: unknown): string {
  return partsOf(answer)
    .map((part) => (part['type'] === 'text' ? part['text'] : part['type'] === 'text-delta' ? part['delta'] : ''))
    .join('')
}

/** What was sent, as a person reads it: system and user messages. */
export function promptText(asked: unknown): string {
  const { prompt } = (asked ?? {}) as { readonly prompt?: unknown }
  if (!Array.isArray(prompt)) return ''
  const lines = (prompt as readonly Part[]).map(({ role, content }) => {
    const text =
      typeof content === 'string'
        ? content
        : Array.isArray(content)
          ? (content as readonly Part[])
              .map((part) => (part['type'] === 'text' ? part['text'] : `(${part['type']})`))
              .join(' ')
          : ''
    return `${String(role)}: ${text}`
  })
  return lines.join('\n')
}

function toolsOf(answer: unknown, results: ReadonlyMap<string, unknown>): readonly DecisionTool[] {
  return partsOf(answer)
    .filter((part) => part['type'] === 'tool-call')
    .map(({ toolName, toolCallId, input }) => ({
      name: String(toolName),
      input: typeof input === 'string' ? parsed(input) : input,
      result: results.get(String(toolCallId)),
    }))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** What tools gave back, by the id of the call: it is told in what later calls are asked. */
export function toolResults(events: readonly RunEvent[]): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>()
  for (const { kind, payload } of events) {
    if (kind !== 'model.call') continue
    const { prompt } = (payload ?? {}) as { readonly prompt?: unknown }
    if (!Array.isArray(prompt)) continue
    for (const { content } of prompt as readonly Part[])
      for (const part of Array.isArray(content) ? (content as readonly Part[]) : [])
        if (part['type'] === 'tool-result') {
          const output = part['output'] as Part | undefined
          found.set(String(part['toolCallId']), output?.['value'] ?? output)
        }
  }
  return found
}

export interface CitedDocument extends Document {
  /** of the entry that says so, and the step that read it */
  readonly index: number
  readonly key: string
}

/** Once for each step that read them, however often it was tried. */
export function documentsOf(events: readonly RunEvent[]): readonly CitedDocument[] {
  const found = new Map<string, CitedDocument>()
  for (const { kind, key, index, payload, meta } of events) {
    if (kind !== 'note' || meta['cited'] === undefined || !Array.isArray(payload)) continue
    for (const { id, version, hash } of payload as readonly Document[]) {
      const step = operationKey(key)
      const name = JSON.stringify([step, id, version, hash])
      const one = { id, ...(version && { version }), ...(hash && { hash }), index, key: step }
      if (!found.has(name)) found.set(name, one)
    }
  }
  return [...found.values()]
}
