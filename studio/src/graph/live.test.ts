import { describe, expect, it } from 'vitest'
import type { RunEvent } from '../api/types.ts'
import { operationsOf } from '../run/operations.ts'
import { instancesOf, nodeStates, roundsOf } from './live.ts'

function event(index: number, kind: string, key: string, more: Partial<RunEvent> = {}): RunEvent {
  const at = new Date(1_000 + index * 10).toISOString()
  return { index, after: index - 1, at, kind, key, attempt: 1, meta: {}, size: 0, isCut: false, ...more }
}

const events = [
  event(0, 'run.started', ''),
  event(1, 'step.result', 'graph(g)#0[0]/ask/ask#0'),
  event(2, 'scope.snapshot', 'graph(g)#0', { meta: { round: 1 } }),
  event(3, 'step.error', 'graph(g)#0[1]/check/check#0'),
]

describe('where a run stands in a graph', () => {
  it('is on at the nodes of the latest round, also at those that have no entry yet', () => {
    const turns = new Map([
      [0, ['ask']],
      [1, ['check', 'wait']],
    ])
    const states = nodeStates(operationsOf(events.slice(0, 3)), 'graph(g)#0', turns, 'waiting')
    expect([...states].map(([node, { state, count }]) => [node, state, count])).toEqual([
      ['ask', 'done', 1],
      ['check', 'on', 0],
      ['wait', 'on', 0],
    ])
  })

  it('is at what failed, when it needs attention; and a node without entries was gone through when its round is over', () => {
    const turns = new Map([
      [0, ['ask', 'wait']],
      [1, ['check']],
    ])
    const states = nodeStates(operationsOf(events), 'graph(g)#0', turns, 'needs attention')
    expect(states.get('check')).toMatchObject({ state: 'failed', entry: 3 })
    expect(states.get('wait')).toMatchObject({ state: 'done', count: 1 })
    expect(states.has('end')).toBe(false)
  })

  it('tells graphs in graphs apart', () => {
    const nested = [event(1, 'step.result', 'graph(out)#0[0]/inner/graph(in)#0[2]/deep/deep#0')]
    expect(instancesOf(nested).map(({ key }) => key)).toEqual(['graph(out)#0', 'graph(out)#0[0]/inner/graph(in)#0'])
    const deep = nodeStates(operationsOf(nested), 'graph(out)#0[0]/inner/graph(in)#0', new Map(), 'running')
    expect([...deep.keys()]).toEqual(['deep'])
    expect(roundsOf(events, 'graph(g)#0').length).toBe(1)
  })
})
