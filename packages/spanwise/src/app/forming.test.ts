import { expect, test } from 'vitest'
import { Redactor, StreamRedaction } from '../redaction/index.ts'
import { Forming } from './forming.ts'

// put together, so that nobody's scanner takes it for a real one
const key = `sk-proj-${'aB3dE5gH7jK9mN1pQ2sT4vW6xY8z'.repeat(2).slice(0, 48)}`
const delta = (text: string) => ({ type: 'text-delta', id: '0', delta: text })

function shownBy(): {
  readonly shown: (part: unknown, first: boolean) => readonly unknown[]
  readonly asked: unknown[]
} {
  const stream = new StreamRedaction(Redactor.of(undefined))
  const asked: unknown[] = []
  return {
    asked,
    shown: (part, first) => {
      asked.push(part)
      return stream.push(part, first)
    },
  }
}

const textOf = (forming: Forming): string =>
  forming
    .behind('r', [])
    .flatMap(({ parts }) => parts as { delta?: string }[])
    .map((part) => part.delta ?? '')
    .join('')

test('what may be shown is worked out once, when somebody looks', () => {
  const forming = new Forming(() => 5)
  const { shown, asked } = shownBy()
  forming.add('r', 'c', delta('one two three four five six '), true, shown)
  forming.add('r', 'c', delta('seven '), false, shown)
  expect(asked).toHaveLength(0)
  const [formed] = forming.behind('r', [])
  expect(asked).toHaveLength(2)
  const last = { call: 'c', generation: 5, n: (formed?.parts.length ?? 0) - 1 }
  expect(forming.behind('r', [last])).toEqual([])
  expect(asked).toHaveLength(2)
})

test.each([0, 1, 2, 3])('a secret that parts cut in two is never shown, whoever looks after part %i', (after) => {
  const forming = new Forming(() => 5)
  const { shown } = shownBy()
  const parts = [
    delta(`the key is ${key.slice(0, 9)}`),
    delta(key.slice(9, 20)),
    delta(key.slice(20)),
    delta(' and so on'),
  ]
  let seen = ''
  for (const [n, part] of parts.entries()) {
    forming.add('r', 'c', part, n === 0, shown)
    if (n === after) seen += textOf(forming)
  }
  forming.add('r', 'c', { type: 'text-end', id: '0' }, false, shown)
  const all = textOf(forming)
  for (const text of [seen, all]) expect(text).not.toContain(key.slice(0, 9))
  expect(all).toContain('the key is ')
  expect(all).toContain(' and so on')
})

test('an answer that begins anew is another generation, without a word of the one before', () => {
  const forming = new Forming(() => 5)
  const { shown } = shownBy()
  forming.add('r', 'c', delta('held back'), true, shown)
  const before = forming.behind('r', [])
  forming.add('r', 'c', delta('anew '), true, shown)
  forming.add('r', 'c', { type: 'text-end', id: '0' }, false, shown)
  expect(textOf(forming)).toBe('anew ')
  expect(forming.behind('r', [])[0]?.generation).toBeGreaterThan(before[0]?.generation ?? 5)
})
