import { expect, it } from 'vitest'
import { encode } from '../journal/index.ts'
import { toEvent } from './event.ts'

it('reads a note about a step that came too late as it reads the step', () => {
  const payload = `${encode({ card: 'good' })}\n${encode('paid')}`
  const entry = { run: 'r', index: 3, after: 1, at: 0, key: 'pay#0', attempt: 1, payload }
  const late = { ...entry, kind: 'note', meta: { late: 'step.result' } } as unknown as Parameters<typeof toEvent>[0]
  expect(toEvent(late).payload).toEqual({ input: { card: 'good' }, result: 'paid' })
})
