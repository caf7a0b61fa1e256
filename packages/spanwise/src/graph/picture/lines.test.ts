import { expect, it } from 'vitest'
import { z } from 'zod'
import { graph, modelOf } from '../graph.ts'
import { drawing } from './drawing.ts'

it('lays out a graph of hundreds of nodes, however many ways there are through it, at once', () => {
  // each third node can be gone round: 2^100 ways from the start to the end
  let made = graph('ladder', { state: z.object({}) }).node('n0', () => ({})) as never as Any
  for (let i = 1; i <= 300; i++) made = made.node(`n${i}`, () => ({}))
  made = made.edge('start', 'n0').edge('n300', 'end')
  for (let i = 0; i < 300; i += 3) {
    made = made.route(`n${i}`, () => 'on', { on: `n${i + 1}`, round: `n${i + 3}` })
    made = made.edge(`n${i + 1}`, `n${i + 2}`).edge(`n${i + 2}`, `n${i + 3}`)
  }
  // and a way back
  made = made.route('n150', () => 'n0', { again: 'n0' })
  const began = performance.now()
  const { rows, nodes } = drawing(modelOf(made))
  expect(performance.now() - began).toBeLessThan(1_000)
  expect(nodes.length).toBe(301)
  // each below all that leads to it but from behind
  expect(rows.map((row) => row.join())).toEqual(['start', ...Array.from({ length: 301 }, (_, i) => `n${i}`), 'end'])
})

interface Any {
  node(name: string, work: () => object): Any
  edge(from: string, to: string): Any
  route(from: string, choose: () => string, targets: Readonly<Record<string, string>>): Any
}
