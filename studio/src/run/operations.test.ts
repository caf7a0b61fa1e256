import { expect, it } from 'vitest'
import type { RunEvent } from '../api/types.ts'
import { operationsOf } from './operations.ts'

const second = (n: number): string => new Date(n * 1_000).toISOString()

function event(index: number, after: number, kind: string, key = '', more: Partial<RunEvent> = {}): RunEvent {
  return { index, after, at: second(index), kind, key, attempt: 1, meta: {}, size: 0, isCut: false, ...more }
}

it('an operation is what its entries tell: asked for, tried, done', () => {
  const [pay, wait] = operationsOf([
    event(0, 0, 'run.started'),
    event(1, 0, 'step.attempt', 'pay#0', { meta: { ms: 300 }, payload: { error: { name: 'Error', message: 'no' } } }),
    event(2, 0, 'step.result', 'pay#0', { meta: { ms: 200 } }),
    event(3, 2, 'timer.fired', 'sleep#0'),
  ])
  expect(pay).toMatchObject({ key: 'pay#0', state: 'done', asked: 0, last: 2_000, isSuperseded: false })
  expect(pay?.attempts).toEqual([
    { from: 700, to: 1_000, state: 'failed', error: 'no' },
    { from: 1_800, to: 2_000, state: 'done', error: undefined },
  ])
  expect(wait).toMatchObject({ kind: 'timer', asked: 2_000, last: 3_000 })
})

it('what an order to resume went back before is told apart from what came after it', () => {
  const operations = operationsOf([
    event(0, 0, 'run.started'),
    event(1, 0, 'step.result', 'find#0', { meta: { ms: 1 } }),
    event(2, 1, 'step.error', 'pay#0', { meta: { ms: 1 } }),
    event(3, 2, 'run.parked'),
    event(4, 3, 'run.resumed', '', { payload: { from: 1, reopen: 'pay#0' } }),
    event(5, 1, 'step.result', 'pay#0', { meta: { ms: 1 } }),
  ])
  expect(operations.map(({ key, state, isSuperseded }) => [key, state, isSuperseded])).toEqual([
    ['find#0', 'done', false],
    ['pay#0', 'failed', true],
    ['pay#0', 'done', false],
  ])
})

it('scopes are depth; a model call is called by its model', () => {
  const [item, call] = operationsOf([
    event(0, 0, 'run.started'),
    event(1, 0, 'step.result', 'each#0[a]/score#0', { meta: { ms: 1 } }),
    event(2, 1, 'model.result', 'model[x]#0', { meta: { ms: 5, alias: 'fast', answered: 'gpt-5-mini', cost: 29_000 } }),
  ])
  expect(item).toMatchObject({ name: 'score#0', scope: 'each#0[a]', depth: 1 })
  expect(call).toMatchObject({ name: 'fast → gpt-5-mini', kind: 'model', cost: 29_000n })
})
