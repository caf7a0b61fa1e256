import { type EmbeddingModel, embed, jsonSchema, type ToolSet } from 'ai'
import { SpanwiseError } from '../../journal/index.ts'
import {
  callStep,
  currentScope,
  type Duration,
  milliseconds,
  now,
  type StepContext,
  type StepDefinition,
} from '../../workflow/index.ts'
import { type Recalled, storeVectors, type VectorStore } from './vectors.ts'
import { writable } from './writable.ts'

export interface MemoryOptions {
  /** `models.embeddingModel('search')`; what was remembered with another model is not found */
  readonly embed: EmbeddingModel
  /**
   * Who shares it: everybody of a tenant, all runs about one subject, or whoever has the same text. What is about a subject is erased
   * with them
   */
  readonly scope:
    | 'tenant'
    | 'subject'
    | ((run: { readonly tenant: string; readonly subject: string | undefined }) => string)
  /** after which it is forgotten; never when absent */
  readonly lifetime?: Duration
  /** what is recalled at most; 5 */
  readonly limit?: number
  /** how near it has to be, as a cosine; 0.3 */
  readonly atLeast?: number
  /** the app's own store when absent */
  readonly store?: VectorStore
}

/** What runs remember for later ones. Each call is a step: what was recalled is on record. */
export interface AgentMemory {
  readonly name: string
  /** @returns its id */
  remember(text: string): Promise<string>
  recall(question: string): Promise<readonly Recalled[]>
  /** One, or all of what this run shares. */
  forget(id?: string): Promise<void>
  /** `remember` and `recall` for the model */
  readonly tools: ToolSet
}

/**
 * Long-term memory: what one run remembers, another one recalls by what it means.
 * @example
 * const notes = memory('notes', { embed: models.embeddingModel('search'), scope: 'subject', lifetime: '90d' })
 * const clerk = agent('clerk', { model: models('fast'), memory: notes, tools: { ...notes.tools } })
 */
export function memory(name: string, options: MemoryOptions): AgentMemory {
  const { lifetime, limit = 5, atLeast = 0.3, store = storeVectors } = options
  if (lifetime !== undefined) milliseconds(lifetime, `lifetime of memory "${name}"`)
  const vectorOf = async (text: string, abortSignal: AbortSignal): Promise<Float32Array> => {
    const { embedding } = await embed({ model: options.embed, value: text, abortSignal, maxRetries: 0 })
    return unit(embedding)
  }
  const call = (what: string, input: unknown, fn: (input: string, space: Space, context: StepContext) => unknown) => {
    const space = spaceOf(name, options.scope)
    const definition: StepDefinition = {
      name: `${what}(${name})`,
      kind: 'function',
      // under the same id it is the same memory
      options: { effect: 'idempotent', description: `${what} of memory ${name}` },
      input: undefined,
      output: undefined,
      reconcile: undefined,
      fn: ((given: string, context: StepContext) => fn(given, space, context)) as StepDefinition['fn'],
    }
    return callStep(definition, writable(input, `${what} of memory "${name}"`))
  }
  const remember = (text: string) =>
    call('remember', text, async (given, space, { idempotencyKey, abortSignal, run }) => {
      const vector = await vectorOf(given, abortSignal)
      const { at } = space
      const expires = lifetime === undefined ? undefined : new Date(at.getTime() + milliseconds(lifetime))
      const { subject, key } = space
      await store.put({ id: idempotencyKey, space: key, subject, run: run.id, text: given, vector, at, expires })
      return idempotencyKey
    }) as Promise<string>
  const recall = (question: string) =>
    call('recall', question, async (given, { key, at }, { abortSignal }) =>
      store.search({ space: key, vector: await vectorOf(given, abortSignal), limit, atLeast, now: at }),
    ) as Promise<readonly Recalled[]>
  return {
    name,
    remember,
    recall,
    async forget(id) {
      await call('forget', id, (given, { key }) =>
        store.delete({ space: key, ...(given === undefined ? {} : { id: given }) }),
      )
    },
    tools: toolsOf(remember, recall),
  }
}

interface Space {
  readonly key: string
  readonly subject: string | undefined
  readonly at: Date
}

/** Of the run that this is called in. */
function spaceOf(name: string, scope: MemoryOptions['scope']): Space {
  const { execution } = currentScope(`memory "${name}"`)
  const { tenant, id } = execution.run
  const { subject } = execution.started
  if (scope === 'subject' && subject === undefined)
    throw new SpanwiseError({
      code: 'MEMORY_NO_SUBJECT',
      message: `Memory "${name}" is kept by subject, and run ${id} is about none.`,
      hint: 'Start the run with { subject }, or give the memory another scope.',
      run: id,
    })
  const shared = scope === 'tenant' ? '' : scope === 'subject' ? `subject ${subject}` : scope({ tenant, subject })
  return { key: JSON.stringify([name, tenant, shared]), subject, at: now() }
}

function toolsOf(
  remember: (text: string) => Promise<unknown>,
  recall: (question: string) => Promise<unknown>,
): ToolSet {
  const text = (description: string) =>
    jsonSchema<{ text: string }>({
      type: 'object',
      properties: { text: { type: 'string', description } },
      required: ['text'],
      additionalProperties: false,
    })
  return {
    remember: Object.assign(
      {
        description: 'Remembers something for later conversations.',
        inputSchema: text('what, in a sentence that stands alone'),
      },
      { [inBody]: ({ text: what }: { text: string }) => remember(what) },
    ),
    recall: Object.assign(
      { description: 'Looks for what was remembered in earlier conversations.', inputSchema: text('what about') },
      { [inBody]: ({ text: what }: { text: string }) => recall(what) },
    ),
  } as unknown as ToolSet
}

/** A tool that is operations of the run already, and needs no step around it. */
export const inBody: unique symbol = Symbol.for('spanwise.tool-in-body') as never

function unit(numbers: readonly number[]): Float32Array {
  const length = Math.hypot(...numbers) || 1
  return Float32Array.from(numbers, (one) => one / length)
}
