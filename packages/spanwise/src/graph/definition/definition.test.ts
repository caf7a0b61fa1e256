import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { picture } from '../index.ts'
import { checkDefinition, type GraphDefinition, graphSchema, loadGraph, parseGraph, printGraph } from './index.ts'

const text = `
graph: support
state:
  type: object
  properties:
    text: { type: string }
    amount: { type: number, default: 0 }
    tries: { type: integer, default: 0 }
    topics: { type: array, items: { type: string }, default: [] }
    intent: { type: string, enum: [refund, question] }
    answer: { type: string }
  required: [text]
  additionalProperties: false
nodes:
  classify: { use: classify@1, input: { text: state.text }, output: { intent: result, tries: state.tries + 1 }, attempts: 3 }
  ask: { approval: '"refund " + string(state.amount) + "?"', role: finance, timeout: 2d, output: { answer: decision.status } }
  search: { use: search@1, over: state.topics, join: any, output: { answer: 'size(results) > 0 ? string(results[0]) : "none"' } }
edges:
  - { from: start, to: classify }
  - { from: classify, route: state.intent, to: { refund: ask, question: search }, max: 2, beyond: end }
  - { from: ask, to: end }
  - { from: search, to: end }
  - { from: classify, error: error.code != "X", to: end, output: { answer: error.message } }
`

const components = { 'classify@1': () => 'refund', 'search@1': (topic: string) => topic }
const broken = (change: (text: string) => string) => {
  try {
    loadGraph(change(text), { components })
  } catch (error) {
    return `${(error as { code: string }).code} ${(error as Error).message}`
  }
  throw new Error('it was taken')
}

describe('the definition of a graph', () => {
  it('is read, checked and drawn', () => {
    const graph = loadGraph(text, { components })
    expect(graph.name).toBe('support')
    expect(checkDefinition(text).name).toBe('support')
    expect(picture(graph, 'text')).toBe(`start
└─▶ classify
   ├─ refund ≤2 ─▶ ask (approval)
   │  └─▶ end
   ├─ question ≤2 ─▶ search (for each)
   │  └─▶ end
   ├─ after 2 ─▶ end
   └╌ error ╌▶ end
`)
    expect(picture(graph, 'mermaid')).toContain('n1 -->|"refund ≤2"| n2')
    const svg = picture(graph, 'svg')
    expect(svg.match(/<rect /g)?.length).toBe(1 + 5)
    expect(svg).toContain('>classify</text>')
  })

  it('is refused with the place: text, shape, names, components, expressions, types', () => {
    expect(broken((t) => `${t}\n  - {`)).toMatch(/^DEFINITION_INVALID The text is no YAML or JSON at line \d+/)
    expect(broken((t) => t.replace('use: search@1', 'uses: search@1'))).toContain('nodes.search')
    expect(broken((t) => t.replace('to: classify }', 'to: nowhere }'))).toMatch(
      /^GRAPH_INVALID .*there is no node "nowhere"/,
    )
    expect(broken((t) => t.replace('use: search@1', 'use: other@1'))).toContain(
      'nodes.search.use: there is no component "other@1"',
    )
    expect(broken((t) => t.replace('state.text }', 'state.txt }'))).toMatch(
      /^EXPRESSION_INVALID nodes.classify.input.text: state.txt: No such key/,
    )
    expect(broken((t) => t.replace('state.tries + 1', `'"many"'`))).toContain(
      'nodes.classify.output.tries: "many": it gives string, and "int" is wanted',
    )
    expect(broken((t) => t.replace('tries: state', 'trys: state'))).toContain(
      'nodes.classify.output.trys: there is no such key',
    )
    expect(broken((t) => t.replace('route: state.intent', 'route: state.amount'))).toContain(
      'edges.1.route: state.amount: it gives double',
    )
    expect(broken((t) => t.replace('over: state.topics', 'over: state.text'))).toContain(
      'nodes.search.over: state.text: it gives string',
    )
    expect(broken((t) => t.replace('type: object\n', 'type: objekt\n'))).toMatch(/state is no JSON Schema/)
    expect(broken((t) => t.replace('  - { from: ask, to: end }\n', ''))).toContain(
      'start → classify → ask leads nowhere',
    )
  })

  it('finds components by name and version', () => {
    const named = text.replace('classify@1', 'classify')
    expect(loadGraph(named, { components }).name).toBe('support')
    expect(() => loadGraph(named, { components: { ...components, 'classify@2': () => 'question' } })).toThrow(
      'several versions',
    )
  })

  it('is the same after it was printed and parsed', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9 _-]{0,11}$/).filter((one) => one.trim() === one)
    const cel = fc.oneof(
      fc.constantFrom('state.a', '"text: #x"', 'state.a == 1 ? "y" : "n"', 'true', 'null', '1', '- x', "it's"),
      fc.string({ minLength: 1, maxLength: 20 }),
    )
    const update = fc.dictionary(name, cel, { maxKeys: 3 })
    const made = fc.oneof(cel, update)
    const ref = fc.tuple(name, fc.constantFrom('', '@1', '@2.0.1')).map(([one, version]) => one + version)
    const span = fc.constantFrom(250, '30s', '2d', '1.5h')
    const some = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
    const given = <T extends object>(value: fc.Arbitrary<T>) =>
      value.map((one) => JSON.parse(JSON.stringify(one)) as object)
    const node = fc.oneof(
      given(
        fc.record({
          use: ref,
          input: some(made),
          output: some(update),
          attempts: some(fc.integer({ min: 1, max: 9 })),
          timeout: some(span),
        }),
      ),
      given(
        fc.record({
          use: ref,
          over: cel,
          each: some(made),
          join: some(fc.oneof(fc.constantFrom('all', 'any', 3), fc.record({ first: cel }))),
          output: update,
        }),
      ),
      given(fc.record({ approval: cel, role: some(fc.string()), timeout: some(span), output: update })),
      given(fc.record({ wait: fc.string({ minLength: 1 }), output: some(update) })),
    )
    const bound = { max: some(fc.integer({ min: 1, max: 9 })), beyond: some(name) }
    const edge = fc.oneof(
      given(
        fc.record({
          from: fc.oneof(name, fc.array(name, { minLength: 1, maxLength: 3 })),
          to: name,
          join: some(fc.constantFrom('all', 'any', 2)),
          ...bound,
        }),
      ),
      given(
        fc.record({
          from: name,
          route: fc.oneof(cel, fc.record({ use: ref })),
          to: fc.dictionary(fc.string(), name, { maxKeys: 3 }),
          otherwise: some(name),
          many: some(fc.boolean()),
          ...bound,
        }),
      ),
      given(fc.record({ from: name, error: fc.oneof(fc.constant(true), cel), to: name, output: some(update) })),
      given(fc.record({ from: name, goto: fc.array(name, { minLength: 1, maxLength: 3 }) })),
    )
    const schema = fc.jsonValue({ maxDepth: 2 }).map((one) => ({ type: 'object', description: one }))
    const definition = given(
      fc.record({
        graph: fc.string({ minLength: 1 }),
        description: some(fc.string()),
        state: schema,
        input: some(schema),
        reducers: some(fc.dictionary(name, ref, { maxKeys: 2 })),
        initial: some(made),
        maxSteps: some(fc.integer({ min: 1, max: 10_000 })),
        nodes: fc.dictionary(name, node, { maxKeys: 4 }),
        edges: fc.array(edge, { minLength: 1, maxLength: 5 }),
      }),
    )
    fc.assert(
      fc.property(definition, (one) => {
        const whole = one as GraphDefinition
        expect(parseGraph(printGraph(whole))).toEqual(whole)
        expect(parseGraph(printGraph(whole, 'json'))).toEqual(whole)
      }),
      { numRuns: 300 },
    )
  })

  it('has a JSON Schema', () => {
    expect(graphSchema).toMatchObject({ type: 'object', required: ['graph', 'state', 'nodes', 'edges'] })
  })
})
