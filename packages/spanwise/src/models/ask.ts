import type {
  EmbeddingModelV4CallOptions,
  LanguageModelV4CallOptions,
  LanguageModelV4StreamPart,
  SharedV4ProviderMetadata,
} from '@ai-sdk/provider'
import type { ModelCall, ModelHome } from '../workflow/index.ts'
import type { Alias } from './alias.ts'
import { recordable } from './asked.ts'
import { CandidateError } from './failure.ts'
import type { Member } from './member.ts'
import type { Usage } from './record.ts'
import { embeddingUsage, usageOf } from './usage.ts'

/** An answer as it is kept: what was said and by whom, without the provider's raw text. */
export interface Heard {
  readonly answer: Readonly<Record<string, unknown>>
  readonly usage: Usage
  readonly answered: string | undefined
  readonly id: string | undefined
  readonly fingerprint: string | undefined
  readonly firstMs: number | undefined
}

export interface Asking {
  readonly alias: Alias
  readonly member: Member
  readonly clock: ModelHome['clock']
  readonly signal: AbortSignal
  /** for whoever follows the run */
  readonly follow: ModelCall['show']
}

/** Asks for a whole answer. */
export function generate(of: Asking, options: LanguageModelV4CallOptions): Promise<Heard> {
  return within(of, of.alias.timeout, async ({ signal }) => {
    const model = of.member.language as NonNullable<Member['language']>
    const result = await model.doGenerate({ ...options, abortSignal: signal })
    const { content, finishReason, usage, warnings, providerMetadata, structuredOutputText, response } = result
    checkEnd(finishReason.unified)
    const { id, timestamp, modelId } = response ?? {}
    const answer = recordable({
      content,
      finishReason,
      usage: { ...usage, raw: undefined },
      warnings,
      providerMetadata,
      structuredOutputText,
      response: { id, timestamp: written(timestamp), modelId },
    })
    return heard(of.member, answer, usageOf(usage), modelId, id, providerMetadata, undefined)
  })
}

export function embed(of: Asking, options: EmbeddingModelV4CallOptions): Promise<Heard> {
  return within(of, of.alias.timeout, async ({ signal }) => {
    const model = of.member.embedding as NonNullable<Member['embedding']>
    const { embeddings, usage, providerMetadata, warnings } = await model.doEmbed({ ...options, abortSignal: signal })
    const answer = recordable({ embeddings, usage, providerMetadata, warnings })
    return heard(of.member, answer, embeddingUsage(usage), undefined, undefined, providerMetadata, undefined)
  })
}

/**
 * Asks for a stream and reads it to its end.
 * @param show each part as it comes, from the first that says something on
 */
export function stream(
  of: Asking,
  options: LanguageModelV4CallOptions,
  show: (part: LanguageModelV4StreamPart) => void,
): Promise<Heard> {
  const started = of.clock.now()
  return within(of, of.alias.firstPart, async ({ signal, extend }) => {
    const model = of.member.language as NonNullable<Member['language']>
    const result = await model.doStream({ ...options, abortSignal: signal })
    const parts: LanguageModelV4StreamPart[] = []
    const early: LanguageModelV4StreamPart[] = []
    let firstMs: number | undefined
    for await (const part of result.stream) {
      extend(of.alias.idle)
      if (part.type === 'error') throw part.error
      if (part.type === 'raw' || part.type === 'ping') continue
      if (part.type === 'finish') checkEnd(part.finishReason.unified)
      keep(parts, part)
      // an answer that has said nothing yet can still be asked of somebody else
      if (firstMs === undefined && isPreface(part)) {
        early.push(part)
        continue
      }
      if (firstMs === undefined) {
        firstMs = of.clock.now() - started
        for (const one of early) show(one)
      }
      if (part.type !== 'finish') show(part)
    }
    const finish = parts.at(-1)
    if (finish?.type !== 'finish') throw new CandidateError('bad response', 'The stream ended before the answer did.')
    const said = parts.find((part) => part.type === 'response-metadata')
    const kept = parts.map((part) =>
      part.type === 'finish'
        ? { ...part, usage: { ...part.usage, raw: undefined } }
        : part.type === 'response-metadata'
          ? { ...part, timestamp: written(part.timestamp) }
          : part,
    )
    const { usage, providerMetadata } = finish
    const answer = recordable({ parts: kept })
    return heard(of.member, answer, usageOf(usage), said?.modelId, said?.id, providerMetadata, firstMs)
  })
}

/** As text: a record that is plain JSON is written and read in a third of the time. */
function written(timestamp: Date | undefined): string | undefined {
  return timestamp === undefined || Number.isNaN(timestamp.getTime()) ? undefined : timestamp.toISOString()
}

function heard(
  member: Member,
  answer: unknown,
  usage: Usage,
  answered: string | undefined,
  id: string | undefined,
  metadata: SharedV4ProviderMetadata | undefined,
  firstMs: number | undefined,
): Heard {
  if (member.pin !== undefined && answered !== member.pin)
    throw new CandidateError(
      'wrong model',
      `${answered ?? 'a model without a name'} answered, and ${member.pin} has to.`,
    )
  const fingerprint = Object.values(metadata ?? {})
    .map((one) => one?.['systemFingerprint'] ?? one?.['system_fingerprint'])
    .find((one) => typeof one === 'string')
  return {
    answer: answer as Heard['answer'],
    usage,
    answered,
    id,
    fingerprint: fingerprint as string | undefined,
    firstMs,
  }
}

/** A provider may end an answer well-formed and say that it failed. */
function checkEnd(reason: string): void {
  if (reason === 'error') throw new CandidateError('bad response', 'The provider ended the answer with an error.')
  if (reason === 'interrupted') throw new CandidateError('bad response', 'The stream ended before the answer did.')
  if (reason === 'content-filter') throw new CandidateError('content filter', 'The answer was cut by a content filter.')
}

function isPreface({ type }: LanguageModelV4StreamPart): boolean {
  return type === 'stream-start' || type === 'response-metadata' || type === 'text-start' || type === 'reasoning-start'
}

/** Deltas of one block become one: a record of an answer is not a record of how it was cut up. */
function keep(parts: LanguageModelV4StreamPart[], part: LanguageModelV4StreamPart): void {
  const last = parts.at(-1)
  if (
    (part.type === 'text-delta' || part.type === 'reasoning-delta' || part.type === 'tool-input-delta') &&
    last?.type === part.type &&
    last.id === part.id &&
    last.providerMetadata === undefined &&
    part.providerMetadata === undefined
  )
    parts[parts.length - 1] = { ...last, delta: last.delta + part.delta }
  else parts.push(part)
}

/** Called off when it takes too long, or when nobody wants it any more. */
async function within<T>(
  of: Asking,
  ms: number,
  work: (limit: { readonly signal: AbortSignal; extend(ms: number): void }) => Promise<T>,
): Promise<T> {
  const abort = new AbortController()
  const stop = () => abort.abort(of.signal.reason)
  if (of.signal.aborted) stop()
  else of.signal.addEventListener('abort', stop, { once: true })
  let cancel: () => void = () => {}
  const { promise, reject } = Promise.withResolvers<never>()
  // a provider's own code may not look at the signal: it is not waited for then
  abort.signal.addEventListener('abort', () => reject(abort.signal.reason), { once: true })
  promise.catch(() => {})
  let limit = -1
  const extend = (next: number) => {
    // a timer for every part would cost more than reading it
    if (next === limit && of.clock.now() - armed < next / 4) return
    limit = next
    armed = of.clock.now()
    cancel()
    cancel = of.clock.after(next, () =>
      abort.abort(new CandidateError('timeout', `Nothing came for ${Math.round(next / 100) / 10} s.`)),
    )
  }
  let armed = 0
  extend(ms)
  try {
    if (abort.signal.aborted) throw abort.signal.reason
    return await Promise.race([work({ signal: abort.signal, extend }), promise])
  } catch (error) {
    throw abort.signal.aborted ? abort.signal.reason : error
  } finally {
    cancel()
    of.signal.removeEventListener('abort', stop)
  }
}
