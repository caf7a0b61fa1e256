import { recordedAnswers } from 'loopback-provider'

export interface Task {
  readonly id: string
  /** ms into the hour */
  readonly at: number
  /** asked one after the other: 1 to 5 */
  readonly prompts: readonly string[]
}

const hour = 3_600_000

/** Tasks of one hour; the same seed gives the same. */
export function tasksOf(seed: string, count: number): readonly Task[] {
  const { questions } = recordedAnswers()
  const next = chance(`tasks ${seed}`)
  return Array.from({ length: count }, (_, n): Task => {
    const at = Math.floor(next() * hour)
    const calls = 1 + Math.floor(next() * 5)
    const prompts = Array.from({ length: calls }, () => questions[Math.floor(next() * questions.length)]?.prompt ?? '')
    return { id: `${seed}-${n}`, at, prompts }
  })
}

/** Whether that is the whole answer: half of one is a failure too, even if nobody noticed. */
export function isAnswer(prompt: string, text: string): boolean {
  known ??= new Map(
    recordedAnswers().questions.map((question) => [question.prompt, [question.weak.text, question.strong.text]]),
  )
  return known.get(prompt)?.includes(text) === true
}

let known: ReadonlyMap<string, readonly string[]> | undefined

/** mulberry32 over FNV-1a of the text */
function chance(text: string): () => number {
  let state = 0x811c9dc5
  for (const char of text) state = Math.imul(state ^ char.charCodeAt(0), 0x01000193)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
