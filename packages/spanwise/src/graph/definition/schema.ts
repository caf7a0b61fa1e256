import { z } from 'zod'

const Name = z
  .string()
  .regex(/^[^#/[\]:@~()+→]+$/, 'a name without # / [ ] : @ ~ ( ) + →')
  .meta({ description: 'a node, or "start" and "end"' })
const Ref = z
  .string()
  .regex(/^[^@]+(@[^@]+)?$/, 'a name, or name@version')
  .meta({ description: 'a component by name and version: "classify@1"' })
const Cel = z.string().min(1).meta({ description: 'an expression of the Common Expression Language' })
/** comes before records of expressions: a record of only the key `use` names a component */
const Use = z.strictObject({ use: Ref }).meta({ description: 'a function among the components' })
const Made = z
  .union([Cel, Use, z.record(z.string(), Cel)])
  .meta({ description: 'one expression, or one for each key; or a component' })
const Update = z
  .union([Use, z.record(z.string(), Cel)])
  .meta({ description: 'for each key of the state that changes: an expression; or a component' })
const Choice = z.union([Cel, Use]).meta({ description: 'an expression, or a component' })
const Span = z
  .union([z.number().positive(), z.string().regex(/^\d+(\.\d+)?\s*[a-z]+$/i, 'a duration like "30s" or "2d"')])
  .meta({ description: 'milliseconds, or text like "30s", "2d"' })
const JsonSchema = z.record(z.string(), z.unknown()).meta({
  description: 'a JSON Schema; with `use`: a component checks values, and the rest says what is known of them',
})
const Spending = z.union([z.string(), z.array(z.string()).min(1)]).meta({
  description: 'what its model calls may use: "$0.20", "50k tokens", or a share of the budget around it: "25%"',
})
const Count = z.number().int().positive()

const tries = {
  attempts: Count.optional(),
  backoff: Span.optional(),
  timeout: Span.optional(),
  retryOn: Use.optional(),
}
const work = {
  use: Ref,
  ...tries,
  deadline: Span.optional(),
  budget: Spending.optional(),
  priority: z.number().optional(),
  effect: z.enum(['at-least-once', 'at-most-once', 'idempotent', 'none']).optional(),
  pool: z.literal('thread').optional(),
  concurrency: z.union([Count, Use]).optional(),
  rate: Use.optional(),
  compensate: z.strictObject({ use: Ref, input: Made }).optional(),
}

const Work = z.strictObject({
  ...work,
  input: Made.optional().meta({ description: 'over `state`; the whole state when absent' }),
  output: Update.optional().meta({ description: 'over `result` and `state`; the result itself when absent' }),
})
const Many = z.strictObject({
  ...work,
  over: Choice.meta({ description: 'a list, over `state`' }),
  key: Choice.optional().meta({ description: 'a text, over `item`' }),
  each: Made.optional().meta({ description: 'over `item` and `state`; the item itself when absent' }),
  join: z.union([z.enum(['all', 'any']), Count, z.strictObject({ first: Choice })]).optional(),
  atOnce: Count.optional(),
  onError: z.enum(['stop', 'collect']).optional(),
  output: Update.meta({ description: 'over `results` (of those that succeeded), `failures` (messages) and `state`' }),
})
const Approval = z.strictObject({
  approval: Choice.meta({ description: 'the question: a text, over `state`' }),
  role: z.string().optional(),
  timeout: Span.optional(),
  of: Made.optional(),
  form: JsonSchema.optional(),
  output: Update.meta({ description: 'over `decision` (status, by, reason) and `state`' }),
})
const Wait = z.strictObject({
  wait: z.union([z.string().min(1), Use]).meta({ description: 'name of a signal, or a component that is one' }),
  timeout: Span.optional(),
  output: Update.optional().meta({ description: 'over `value` and `state`' }),
})

const Body = z.strictObject({
  body: Ref.meta({ description: 'code of the run among the components: it may call steps, wait and ask' }),
  budget: Spending.optional(),
})

const bound = { max: Count.optional(), beyond: Name.optional() }
const Edge = z.union([
  z.strictObject({
    from: z.union([Name, z.array(Name).min(1)]),
    to: Name,
    join: z.union([z.enum(['all', 'any']), Count]).optional(),
    ...bound,
  }),
  z.strictObject({
    from: Name,
    route: Choice.meta({ description: 'a key of `to`, over `state`; several with `many`' }),
    to: z.record(z.string(), Name),
    otherwise: Name.optional(),
    many: z.boolean().optional(),
    ...bound,
  }),
  z.strictObject({
    from: Name,
    error: z.union([z.literal(true), Choice]).meta({ description: 'true, or an expression over `error` and `state`' }),
    to: Name,
    output: Update.optional(),
    ...bound,
  }),
  z.strictObject({ from: Name, goto: z.array(Name).min(1) }),
])

/** What a definition of a graph looks like. */
export const Definition = z.strictObject({
  graph: z.string().min(1).meta({ description: 'name of the graph' }),
  description: z.string().optional(),
  input: JsonSchema.optional(),
  state: JsonSchema,
  output: JsonSchema.optional(),
  reducers: z
    .record(z.string(), Ref)
    .optional()
    .meta({ description: 'append, merge, replace, or a component for each key' }),
  initial: Made.optional().meta({ description: 'the first state, over `input`' }),
  finish: Made.optional().meta({ description: 'the result, over `state`' }),
  maxSteps: Count.optional(),
  deadline: Span.optional(),
  nodes: z.record(Name, z.union([Work, Many, Approval, Wait, Body])),
  edges: z.array(Edge).min(1),
})

export type GraphDefinition = z.infer<typeof Definition>
export type NodeDefinition = GraphDefinition['nodes'][string]
export type EdgeDefinition = GraphDefinition['edges'][number]

/** The JSON Schema of definitions, for editors and other programs. */
export const graphSchema: object = z.toJSONSchema(Definition, { target: 'draft-2020-12' })
