import { createHash } from 'node:crypto'
import type { Question } from './question.ts'
import { recordedAnswers } from './recorded.ts'
import type { ModelRequest } from './request.ts'
import { sample } from './sample.ts'

/** What the model says. Tokens that are not named are counted from the text. */
export interface Answer {
  readonly text?: string
  readonly calls?: readonly { readonly name: string; readonly input: unknown }[]
  readonly cachedTokens?: number
  readonly cacheWriteTokens?: number
  readonly reasoningTokens?: number
}

export type Respond = (request: ModelRequest) => Answer | Promise<Answer>

/**
 * A recorded question gets its recorded answer. With tools, one is called for every turn of the user, and the answer
 * after that tells what the tools said. With a schema the answer follows it. All else gets a sentence that depends on
 * the request alone.
 */
export function respondFromRecord(request: ModelRequest): Answer {
  const question = lastOf(request, 'user')
  const recorded = findQuestion(question)
  const spoken = recorded ? (isSmall(request.model) ? recorded.weak : recorded.strong).text : undefined
  const seed = hash(request.turns.map((turn) => turn.text).join('\n'))

  if (request.toolChoice !== 'none' && request.tools.length) {
    const named = typeof request.toolChoice === 'object' ? request.toolChoice.name : undefined
    const tool = named ? request.tools.find((each) => each.name === named) : request.tools[0]
    const answered = request.turns.at(-1)?.role === 'tool'
    if (tool && (!answered || named))
      return { calls: [{ name: tool.name, input: sample(tool.parameters, seed, spoken) }] }
    if (answered) return { text: `The tool says: ${request.turns.at(-1)?.text ?? ''}` }
  }
  if (request.schema) return { text: JSON.stringify(sample(request.schema, seed, spoken)) }
  return { text: spoken ?? `This is what ${request.model} has to say about ${seed.slice(0, 8)}.` }
}

function lastOf(request: ModelRequest, role: string): string {
  return request.turns.findLast((turn) => turn.role === role)?.text ?? ''
}

const bySpelling = new Map<string, Question | undefined>()

function findQuestion(text: string): Question | undefined {
  if (bySpelling.size === 0)
    for (const question of recordedAnswers().questions) bySpelling.set(question.prompt, question)
  if (bySpelling.has(text)) return bySpelling.get(text)
  // a question inside a longer prompt
  const found = text ? recordedAnswers().questions.find((question) => text.includes(question.prompt)) : undefined
  if (bySpelling.size < 100_000) bySpelling.set(text, found)
  return found
}

function isSmall(model: string): boolean {
  return /mini|nano|haiku|mixtral|small|flash|fast|lite/.test(model)
}

export function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
