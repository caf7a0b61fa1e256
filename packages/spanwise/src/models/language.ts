import type {
  JSONObject,
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
  LanguageModelV4StreamResult,
} from '@ai-sdk/provider'
import type { Alias } from './alias.ts'
import { type Asking, generate, stream } from './ask.ts'
import { askedOf, recordable } from './asked.ts'
import { mostTokens } from './bound.ts'
import type { Gateway, Sending } from './call.ts'
import { placed } from './place.ts'
import type { CallRecord } from './record.ts'
import { Speaker } from './speaker.ts'
import { budgetsOfNow } from './spending.ts'

/** An alias as a language model of the AI SDK. */
export function languageModel(gateway: Gateway, alias: Alias, owner: object): LanguageModelV4 {
  const sendingOf = (
    given: LanguageModelV4CallOptions,
    more: Pick<Sending, 'ask' | 'streamed' | 'isCommitted'>,
  ): Sending => ({
    gateway,
    alias,
    kind: 'text',
    input: mostTokens({ prompt: given.prompt, tools: given.tools, format: given.responseFormat }),
    maxOutput: given.maxOutputTokens,
    prompt: promptOf(given.providerOptions),
    budgets: budgetsOfNow(),
    approved: false,
    signal: given.abortSignal,
    rounds: 3,
    ...more,
  })

  return {
    specificationVersion: 'v4',
    provider: 'spanwise',
    modelId: alias.name,
    get supportedUrls() {
      return supportedBy(alias)
    },
    async doGenerate(options) {
      const sending = sendingOf(options, {
        streamed: false,
        isCommitted: () => false,
        ask: (of, cap) => generate(of, { ...sent(options), maxOutputTokens: cap }),
      })
      const { value } = await placed(owner, sending, askedOf('generate', alias.name, options))
      return wholeOf(value)
    },
    async doStream(options) {
      const asked = askedOf('stream', alias.name, options)
      let committed = false
      let follow: Asking['follow'] = () => {}
      const live = new LivePart()
      const speaker = new Speaker<LanguageModelV4StreamPart>(
        (part, first) => {
          committed = true
          live.show(part)
          follow(recordable(part), first)
        },
        () => live.isWatched,
      )
      const sending = sendingOf(options, {
        streamed: true,
        isCommitted: () => committed && live.isWatched,
        ask: (of, cap) => {
          follow = of.follow
          return speaker.listen((show) => stream(of, { ...sent(options), maxOutputTokens: cap }, show))
        },
      })
      return live.result((started) => placed(owner, sending, asked, started))
    },
  }
}

/** A recorded answer as the SDK takes it: its time stands there as text. */
function wholeOf(value: unknown): LanguageModelV4GenerateResult {
  const result = value as LanguageModelV4GenerateResult
  return result.response === undefined ? result : { ...result, response: timed(result.response) }
}

function timed<T extends object>(of: T): T {
  const { timestamp } = of as { readonly timestamp?: unknown }
  return typeof timestamp === 'string' ? { ...of, timestamp: new Date(timestamp) } : of
}

/** What a provider is sent: without what is only said to the gateway. */
function sent(options: LanguageModelV4CallOptions): LanguageModelV4CallOptions {
  if (options.providerOptions?.['spanwise'] === undefined) return options
  const { spanwise: _, ...providerOptions } = options.providerOptions
  return { ...options, providerOptions }
}

/** `prompt()` says which one it was by the call's provider options. */
function promptOf(options: LanguageModelV4CallOptions['providerOptions']): CallRecord['prompt'] {
  const said = options?.['spanwise']?.['prompt'] as JSONObject | undefined
  const { id, version, hash } = said ?? {}
  return typeof id === 'string' && typeof version === 'string' && typeof hash === 'string'
    ? { id, version, hash }
    : undefined
}

/** Only what every candidate takes as an address is passed on as one; the AI SDK downloads the rest. */
async function supportedBy({ members }: Alias): Promise<Record<string, RegExp[]>> {
  const all = await Promise.all(members.map(async ({ language }) => await language?.supportedUrls))
  const [first = {}, ...others] = all
  const common: Record<string, RegExp[]> = {}
  for (const [type, patterns] of Object.entries(first ?? {})) {
    const both = patterns.filter((pattern) =>
      others.every((other) => other?.[type]?.some(({ source }) => source === pattern.source)),
    )
    if (both.length > 0) common[type] = both
  }
  return common
}

/**
 * A stream while it forms. In a step, and outside of runs, its parts are handed on as they come, its end once it is on record. In the
 * body of a workflow nothing is handed on before all of it is on record: what code does with half an answer could not be repeated.
 */
class LivePart {
  #controller: ReadableStreamDefaultController<LanguageModelV4StreamPart> | undefined
  #shown = 0
  #begin: (() => void) | undefined
  isWatched = false

  show(part: LanguageModelV4StreamPart): void {
    if (!this.isWatched || this.#controller === undefined) return
    this.#shown++
    this.#controller.enqueue(part)
    this.#begin?.()
  }

  /** Resolves when there is something to read. */
  async result(
    call: (live: { readonly watch: () => AbortSignal }) => Promise<{ readonly value: unknown }>,
  ): Promise<LanguageModelV4StreamResult> {
    const cancelled = new AbortController()
    const stream = new ReadableStream<LanguageModelV4StreamPart>({
      start: (controller) => {
        this.#controller = controller
      },
      cancel: (reason) => cancelled.abort(reason ?? new DOMException('The stream was cancelled.', 'AbortError')),
    })
    const begun = new Promise<void>((resolve) => {
      this.#begin = resolve
    })
    const watch = () => {
      this.isWatched = true
      return cancelled.signal
    }
    const done = call({ watch }).then(({ value }) => this.#end(value))
    if (!this.isWatched) {
      await done
      return { stream }
    }
    // an error before the first part is the call's; one after it is the stream's
    let failed: { readonly error: unknown } | undefined
    const ended = done.catch((error: unknown) => {
      if (this.#shown === 0) failed = { error }
      else if (!cancelled.signal.aborted) {
        this.#controller?.enqueue({ type: 'error', error })
        this.#controller?.close()
      }
    })
    await Promise.race([begun, ended])
    if (failed !== undefined) throw failed.error
    return { stream }
  }

  #end(value: unknown): void {
    const parts = (value as { parts: readonly LanguageModelV4StreamPart[] }).parts.map(timed)
    const finish = parts.at(-1) as LanguageModelV4StreamPart
    // what was not shown while it formed comes from the record
    if (this.#shown === 0) for (const part of parts) this.#controller?.enqueue(part)
    else this.#controller?.enqueue(finish)
    this.#controller?.close()
  }
}
