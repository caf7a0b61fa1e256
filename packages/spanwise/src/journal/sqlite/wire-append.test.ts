import { expect, it } from 'vitest'
import type { RunChange } from '../store.ts'
import type { Request } from './operations.ts'
import { isDone, pack, unpack } from './wire-append.ts'

const change: RunChange = {
  ref: { seq: 7, run: 'r' },
  epoch: 2,
  entries: [
    {
      index: 3,
      after: 2,
      at: 5,
      kind: 'step.result',
      key: 'a#0',
      attempt: 1,
      meta: { ms: 1 },
      payload: '1\n2',
      input: '1',
    },
    {
      index: 4,
      after: 3,
      at: 6,
      kind: 'note',
      key: 'each#0[x]/n',
      clearKey: 'each#0[ada]/n',
      attempt: 0,
      subject: 's',
    },
  ],
}

it('a change of entries alone arrives as it was sent', () => {
  const sent = structuredClone(pack({ op: 'append', argument: change }))
  expect(Array.isArray(sent)).toBe(true)
  expect(unpack(sent)).toEqual({ op: 'append', argument: change })
})

it('what entries change of budgets travels with them', () => {
  const budgets = [
    { budget: 'all', window: 1_000, amount: 2n ** 70n },
    { budget: 'run', window: 0, amount: -3n },
  ]
  const request: Request = { op: 'append', argument: { ...change, budgets } }
  const sent = structuredClone(pack(request))
  expect(Array.isArray(sent)).toBe(true)
  expect(unpack(sent)).toEqual(request)
})

it.each([
  { row: { status: 'waiting' } },
  { taken: [1] },
  { children: [] },
  { send: [] },
  { approvals: [] },
  { results: [] },
  { park: { wakeAt: undefined } },
] as Partial<RunChange>[])('a change with %o travels whole', (more) => {
  const request: Request = { op: 'append', argument: { ...change, ...more } }
  expect(pack(request)).toBe(request)
  expect(unpack(request)).toBe(request)
})

it('only an append that woke nobody is answered short', () => {
  expect(isDone({ value: { state: 'ok', woken: [] } })).toBe(true)
  expect(isDone({ value: { state: 'ok', woken: ['r'] } })).toBe(false)
  expect(isDone({ value: { state: 'busy', woken: [] } })).toBe(false)
  expect(isDone({ value: { state: 'ok', run: 'r' } })).toBe(false)
  expect(isDone({ value: undefined })).toBe(false)
  expect(isDone({ error: new Error() })).toBe(false)
})
