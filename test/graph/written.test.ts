import fc from 'fast-check'
import { approval, signal, step, workflow } from 'spanwise'
import { type AnyGraph, goto, graph } from 'spanwise/graph'
import { checkDefinition, loadGraph, parseGraph, printGraph, writeGraph } from 'spanwise/graph/definition'
import { journal, testApp } from 'spanwise/testing'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'

const State = z.object({ log: z.array(z.string()).default([]), n: z.number().default(0), note: z.string().optional() })
type S = z.infer<typeof State>

const count = step('count', async (n: number) => n + 1)
const undo = step('undo', async (_: number) => {})
const child = workflow('child', async (n: number) => n * 2)
const inner = graph('inner', { state: z.object({ n: z.number() }) })
  .node('twice', ({ n }) => ({ n: n * 2 }))
  .edge('start', 'twice')
  .edge('twice', 'end')
const paid = signal('paid', z.object({ amount: z.number() }))

/** The builder without what the compiler knows: names are made up here. */
// biome-ignore lint/suspicious/noExplicitAny: it is called with names that no type can know
type Loose = any

const some = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const plain = <T extends object>(value: fc.Arbitrary<T>) =>
  value.map((one) => Object.fromEntries(Object.entries(one).filter(([, x]) => x !== undefined)))
const limits = plain(
  fc.record({
    attempts: some(fc.integer({ min: 1, max: 4 })),
    timeout: some(fc.constantFrom('30s', 90_000)),
    budget: some(fc.constantFrom('$0.20', '50k tokens')),
    retryOn: some(fc.constant(() => false)),
  }),
)
const kinds = ['function', 'goto', 'step', 'graph', 'workflow', 'body', 'many'] as const
const asking = ['approval', 'wait'] as const

const edges = fc.record({
  way: fc.constantFrom('edge', 'route', 'otherwise', 'many', 'back'),
  error: fc.constantFrom('none', 'all', 'some'),
  max: fc.integer({ min: 1, max: 2 }),
})
const parts = (of: readonly string[]) =>
  fc.array(fc.record({ kind: fc.constantFrom(...of), limits, edge: edges, undone: fc.boolean() }), {
    minLength: 1,
    maxLength: 5,
  })
const shape = (of: readonly string[]) =>
  fc.record({
    parts: parts(of),
    reducers: fc.boolean(),
    finish: fc.boolean(),
    maxSteps: some(fc.integer({ min: 20, max: 200 })),
    deadline: some(fc.constant('2h')),
    split: fc.constantFrom('no', 'all', 'any', 1),
  })

type Shape = typeof shape extends (...args: never) => fc.Arbitrary<infer T> ? T : never

function built({ parts, reducers, finish, maxSteps, deadline, split }: Shape): AnyGraph {
  let made: Loose = graph('random', {
    state: State,
    reducers: { log: 'append', ...(reducers ? { n: (n: number, more: number) => n + more } : {}) },
    ...(finish ? { finish: (state: S) => ({ log: state.log }) } : {}),
    ...(maxSteps === undefined ? {} : { maxSteps }),
    ...(deadline === undefined ? {} : { deadline }),
  } as never)
  const names = parts.map((_, n) => `n${n}`)
  for (const [at, { kind, limits, undone }] of parts.entries()) {
    const name = names[at] as string
    const { budget, ...rest } = limits
    const own = { ...limits, ...(undone ? { compensate: { step: undo, input: () => 1 } } : {}) }
    const output = (n: number) => ({ n, log: name })
    const input = (state: S) => state.n
    if (kind === 'function') made = made.node(name, () => ({ log: name }), own)
    if (kind === 'goto') made = made.node(name, () => (at === 0 ? goto('end') : { log: name }), own).goto(name, ['end'])
    if (kind === 'step') made = made.node(name, count, { ...own, concurrency: 3, input, output })
    if (kind === 'graph') {
      const nested = { ...limits, input: ({ n }: S) => ({ n }), output: ({ n }: { n: number }) => ({ n, log: name }) }
      made = made.node(name, inner, nested)
    }
    if (kind === 'workflow') made = made.node(name, child, { ...rest, input, output })
    if (kind === 'body')
      made = made.body(name, async ({ n }: S) => ({ n: await count(n) }), budget === undefined ? {} : { budget })
    if (kind === 'many')
      made = made.each(name, count, {
        ...own,
        over: () => [1, 2, 3],
        key: (one: number) => `k${one}`,
        join: at % 2 === 0 ? 'all' : { first: (one: number) => one > 2 },
        output: (outcomes: readonly unknown[]) => ({ log: `${name} ${outcomes.length}` }),
      })
    if (kind === 'approval')
      made = made.approval(name, {
        question: at % 2 === 0 ? 'is it "good"?\n' : ({ n }: S) => `pay ${n}?`,
        role: 'finance',
        form: z.object({ why: z.string() }),
        of: ({ n }: S) => n,
        output: ({ status }: { status: string }) => ({ log: status }),
      })
    if (kind === 'wait')
      made = made.wait(name, at % 2 === 0 ? paid : signal('plain'), { timeout: '2d', output: () => ({ log: 'paid' }) })
  }
  if (split === 'no') made = made.edge('start', 'n0')
  else {
    made = made.node('left', () => ({ log: 'left' })).node('right', () => ({ log: 'right' }))
    made = made.edge('start', 'left').edge('start', 'right').edge(['left', 'right'], 'n0', { join: split })
  }
  for (const [at, { edge }] of parts.entries()) {
    const [from, to] = [names[at] as string, names[at + 1] ?? 'end']
    const { way, error, max } = edge
    if (way === 'edge') made = made.edge(from, to)
    if (way === 'route') made = made.route(from, () => 'on', { on: to, off: 'end' })
    if (way === 'otherwise') made = made.route(from, () => 'else', { off: 'end' }, { otherwise: to })
    if (way === 'many') made = made.route(from, () => ['on'], { on: to }, { many: true })
    if (way === 'back') made = made.route(from, () => 'again', { again: from, on: to }, { max, beyond: to })
    const update = () => ({ log: `${from} failed` })
    if (error === 'all') made = made.onError(from, 'end')
    if (error === 'some') made = made.onError(from, 'end', { when: ({ message }: Error) => message !== '', update })
  }
  return made
}

describe('a graph that is written in TypeScript', () => {
  test('is the same graph after it was printed and parsed', () => {
    fc.assert(
      fc.property(shape([...kinds, ...asking]), (one) => {
        const whole = built(one)
        const { definition, components } = writeGraph(whole)
        expect(parseGraph(printGraph(whole))).toEqual(definition)
        expect(parseGraph(printGraph(whole, 'json'))).toEqual(definition)
        const again = loadGraph(printGraph(whole), { components })
        const second = writeGraph(again, components)
        expect(second.definition).toEqual(definition)
        // the very same functions, each in its place
        expect(Object.keys(second.components).sort()).toEqual(Object.keys(components).sort())
        for (const [name, code] of Object.entries(components)) expect(second.components[name]).toBe(code)
        // what is known without the code is checked without it
        expect(checkDefinition(printGraph(whole)).name).toBe('random')
      }),
      { numRuns: 200 },
    )
  })

  test('runs the same: entry by entry, and to the same result', async () => {
    await fc.assert(
      fc.asyncProperty(shape(kinds), async (one) => {
        const whole = built(one)
        const { components } = writeGraph(whole)
        const seen = []
        for (const which of [whole, loadGraph(printGraph(whole), { components })]) {
          await using app = await testApp({ workflows: [which as never, child] })
          const run = await app.start(which as never, { n: 1 } as never)
          await app.idle()
          const { status, code } = await run.status()
          const entries = (await journal(run)).map(
            (
              { kind, key }, // keys of items are tokens of the store
            ) => `${kind} ${key.replaceAll(/item\[[^\]]*\]/g, 'item')}`,
          )
          seen.push({ status, code, entries, result: status === 'completed' ? await run.result() : undefined })
        }
        expect(seen[1]).toEqual(seen[0])
        expect(seen[0]?.entries.length).toBeGreaterThan(2)
      }),
      { numRuns: 40 },
    )
  }, 60_000)

  test('reads well: code by its name, schemas as they are known, expressions as text', () => {
    const review = graph('review', { state: z.object({ text: z.string(), good: z.boolean().default(false) }) })
      .node('judge', ({ text }) => ({ good: text.length > 3 }), { attempts: 2, budget: '$0.20' })
      .body('ask', async ({ text }) => ({ good: (await approval(`is ${text} good?`)).by !== '' }))
      .edge('start', 'judge')
      .route('judge', ({ good }) => (good ? 'yes' : 'no'), { yes: 'end', no: 'ask' })
      .edge('ask', 'end')
    expect(printGraph(review)).toBe(`graph: review
state:
  use: state
  type: object
  properties:
    text:
      type: string
    good:
      default: false
      type: boolean
  required:
    - text
    - good
  additionalProperties: false
maxSteps: 100
nodes:
  judge:
    use: judge
    attempts: 2
    budget: $0.20
  ask:
    body: ask
edges:
  - from: start
    to: judge
  - from: judge
    route:
      use: judge.route
    to:
      yes: end
      no: ask
  - from: ask
    to: end
`)
    const { components } = writeGraph(review)
    expect(Object.keys(components).sort()).toEqual(['ask', 'judge', 'judge.route', 'state'])
    // a name that somebody gave counts, and means one thing
    const named = writeGraph(review, { 'judge@2': components['judge'], ask: count })
    expect(named.definition.nodes).toMatchObject({ judge: { use: 'judge@2' }, ask: { body: 'ask-2' } })
    // somebody may put an expression in the place of code
    const edited = printGraph(review).replace(
      '    route:\n      use: judge.route\n',
      '    route: \'state.good ? "yes" : "no"\'\n',
    )
    const loaded = loadGraph(edited, { components })
    expect(writeGraph(loaded, components).definition.edges[1]).toMatchObject({ route: 'state.good ? "yes" : "no"' })
    expect(() => loadGraph(edited.replace('state.good ?', 'state.text ?'), { components })).toThrow(/edges\.1\.route/)
    expect(() => loadGraph(printGraph(review), { components: { ...components, state: count } })).toThrow(
      'state.use: the component "state" is no schema',
    )
  })
})
