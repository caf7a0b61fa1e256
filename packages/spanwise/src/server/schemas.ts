import { z } from 'zod'

// What goes over the wire. Times are ISO 8601 in UTC, money is nano-dollars in decimal digits, and recorded values are plain JSON:
// what JSON has no form for takes the nearest one.

export const statusName = z.enum([
  'queued',
  'running',
  'waiting',
  'needs attention',
  'completed',
  'failed',
  'cancelled',
])

const time = z.string().meta({ format: 'date-time' })
export const money = z.string().meta({ description: 'nano-dollars, whole', pattern: '^\\d+$' })
const value = z.unknown()
export const text = z.string().min(1).max(1_000)
export const none = z.strictObject({})

export const cursor = z.string().max(200).optional().meta({ description: 'cursor: `after` of the page before' })
export const limit = z.int().min(1).max(500).default(50)
export const dryRun = z.boolean().default(false).meta({ description: 'only says what would happen' })

export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item).readonly(),
    after: z.string().optional().meta({ description: 'cursor of the next page; absent on the last one' }),
  })
}

export const runState = z
  .object({
    id: z.string(),
    workflow: z.string(),
    tenant: z.string(),
    status: statusName,
    createdAt: time,
    updatedAt: time,
    wakeAt: time.optional(),
    error: value.optional(),
    code: z.string().optional(),
    fingerprint: z.string().optional(),
    release: z.string(),
    parent: z.string().optional(),
  })
  .meta({ id: 'RunState' })

export const streamState = z
  .object({
    name: z.string(),
    tenant: z.string(),
    type: z.string().meta({ description: 'media type' }),
    offset: z.string().meta({ description: 'where the next append goes' }),
    length: z.int().meta({ description: 'messages of JSON, bytes of others' }),
    isClosed: z.boolean(),
    closedAt: time.optional(),
    digest: z.string().optional().meta({ description: 'SHA-256 of all of it, in hex, once it is closed' }),
    seal: z.int().optional().meta({ description: 'index of the entry in the store’s own history that has the digest' }),
    expiresAt: time.optional(),
    run: z.string().optional().meta({ description: 'the run that made it' }),
    createdAt: time,
  })
  .meta({ id: 'StreamState' })

export const runDetail = runState
  .extend({
    key: z.string().optional().meta({ description: 'the id that the run was started with' }),
    tags: z.array(z.string()).readonly(),
    subject: z.string().optional(),
    team: z.string().optional(),
    input: value.optional(),
    result: value.optional(),
    progress: value.optional(),
    forkOf: z.object({ run: z.string(), from: z.number() }).optional(),
    entries: z.number().optional().meta({ description: 'entries so far, where that is known without reading them' }),
  })
  .meta({ id: 'Run' })

export const runEvent = z
  .object({
    index: z.int(),
    after: z.int(),
    at: time,
    kind: z.string(),
    key: z.string().meta({ description: 'the operation; empty where it is the run itself' }),
    attempt: z.int(),
    meta: z.record(z.string(), z.unknown()),
    payload: value.optional().meta({ description: 'a text with the beginning of its JSON where it is cut' }),
    size: z.int().meta({ description: 'of the payload as JSON, characters' }),
    isCut: z.boolean(),
  })
  .meta({ id: 'RunEvent' })

export const approval = z
  .object({
    id: z.string(),
    run: z.string(),
    workflow: z.string(),
    tenant: z.string(),
    question: z.string(),
    role: z.string().optional(),
    of: value.optional(),
    hasForm: z.boolean(),
    form: value.optional().meta({ description: 'its JSON Schema, where it can be said as one' }),
    askedAt: time,
    expiresAt: time.optional(),
    mayDecide: z.boolean().meta({ description: 'whether the caller may answer it' }),
  })
  .meta({ id: 'Approval' })

export const failure = z
  .object({
    fingerprint: z.string(),
    workflow: z.string(),
    code: z.string().optional(),
    needsAttention: z.int(),
    failed: z.int(),
    firstSeen: time,
    lastSeen: time,
    example: z.object({ run: z.string(), error: value.optional() }),
  })
  .meta({ id: 'Failure' })

export const decision = z
  .object({
    id: z.string(),
    run: z.string(),
    index: z.int().meta({ description: 'of the entry that has its outcome' }),
    workflow: z.string(),
    tenant: z.string(),
    kind: z.enum(['step', 'model']),
    key: z.string(),
    label: z.string().optional(),
    at: time,
    outcome: z.enum(['done', 'failed']),
    models: z.array(z.string()).readonly(),
    prompts: z.array(z.string()).readonly(),
    answers: z.int(),
    cost: money,
  })
  .meta({ id: 'Decision' })

const spent = {
  calls: z.int(),
  failed: z.int(),
  requests: z.int(),
  cost: money,
  wasted: money,
  unpriced: z.int(),
  unconfirmed: z.int(),
  unconfirmedAtMost: money,
  inputTokens: z.int(),
  cachedTokens: z.int(),
  outputTokens: z.int(),
  reasoningTokens: z.int(),
}

export const costs = z
  .object({
    rows: z.array(z.object({ ...spent, key: z.record(z.string(), z.string()) })).readonly(),
    total: z.object(spent),
  })
  .meta({ id: 'Costs' })

const period = {
  from: time,
  until: time,
  started: z.int(),
  statuses: z.record(statusName, z.int()),
  successRate: z
    .number()
    .optional()
    .meta({ description: 'completed, of those that completed, failed or need attention' }),
  p50: z.number().optional().meta({ description: 'ms from start to completion' }),
  p95: z.number().optional(),
  cost: money,
  costPerSuccess: money.optional(),
  retries: z.int().meta({ description: 'attempts and requests that failed and were tried again' }),
  retryTime: z.number().meta({ description: 'ms that those attempts of steps took' }),
  wasted: money,
  parked: z.int().meta({ description: 'times that a run came to need attention' }),
  recovered: z.int().meta({ description: 'of those, how many ended in a completed run since' }),
  timeToRecovery: z.number().optional().meta({ description: 'ms, the median' }),
}

export const overview = z
  .object({
    ...period,
    previous: z.object(period),
    parts: z.array(z.object({ from: time, completed: z.int(), wrong: z.int(), other: z.int() })).readonly(),
    workflows: z
      .array(z.object({ workflow: z.string(), started: z.int(), completed: z.int(), wrong: z.int() }))
      .readonly(),
    isWhole: z.boolean().meta({ description: 'false when the figures are of the newest runs only' }),
  })
  .meta({ id: 'Overview' })

export const limitState = z
  .object({
    key: z.string(),
    limit: z.number().optional(),
    held: z.int(),
    rate: z.unknown().optional(),
    drawn: z.number(),
    waiting: z.int(),
    since: time.optional(),
    next: time.optional(),
  })
  .meta({ id: 'Limit' })

export const schedule = z
  .object({
    id: z.string(),
    tenant: z.string(),
    workflow: z.string(),
    cron: z.string().optional(),
    zone: z.string().optional(),
    every: z.number().optional().meta({ description: 'ms' }),
    at: time.optional(),
    from: time.optional(),
    until: time.optional(),
    jitter: z.number(),
    overlap: z.enum(['skip', 'queue', 'cancel', 'allow']),
    catchUp: z.union([z.enum(['none', 'last', 'all']), z.object({ all: z.int() })]),
    input: value.optional(),
    paused: z.object({ at: time, reason: z.string() }).optional(),
    nextDue: time.optional(),
    wakeAt: time.optional(),
    lastDue: time.optional(),
    lastRun: z.string().optional(),
    started: z.int(),
    skipped: z.int(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'Schedule' })

export const bulkResult = z
  .object({
    matched: z.int(),
    done: z.int().meta({ description: 'told so durably; 0 in a dry run' }),
    skipped: z.array(z.object({ run: z.string(), why: z.string() })).readonly(),
    plans: z
      .array(
        z.object({
          run: z.string(),
          workflow: z.string(),
          status: statusName,
          from: z.string().optional(),
          repeats: z.array(z.string()).readonly(),
        }),
      )
      .readonly(),
    stopped: z.boolean(),
    after: z.string().optional(),
  })
  .meta({ id: 'BulkResult' })

export const workflowInfo = z
  .object({
    name: z.string(),
    kind: z.enum(['workflow', 'graph', 'agent']),
    input: z.unknown().optional().meta({ description: 'JSON Schema of what it takes, where that can be told' }),
    output: z.unknown().optional().meta({ description: 'JSON Schema of what it gives, where that can be told' }),
  })
  .meta({ id: 'Workflow' })

export const workflowDetail = workflowInfo
  .extend({
    graph: z
      .object({
        nodes: z.array(z.object({ name: z.string(), kind: z.string(), many: z.boolean() })).readonly(),
        lines: z
          .array(
            z.object({
              from: z.string(),
              to: z.string(),
              label: z.string(),
              kind: z.enum(['edge', 'error', 'goto']),
            }),
          )
          .readonly(),
        rows: z.array(z.array(z.string()).readonly()).readonly().meta({ description: 'of names, from the top down' }),
        maxSteps: z.int(),
      })
      .optional(),
    agent: z
      .object({
        model: z.string(),
        description: z.string().optional(),
        tools: z.array(z.object({ name: z.string(), description: z.string().optional() })).readonly(),
        handoffs: z.array(z.string()).readonly(),
        hasRules: z.boolean(),
        maxTurns: z.int(),
        budgets: z.array(z.string()).readonly(),
      })
      .optional(),
  })
  .meta({ id: 'WorkflowDetail' })

export const act = z
  .object({
    index: z.int().meta({ description: 'of its entry in the store’s own history' }),
    id: z.string(),
    kind: z.enum(['erased', 'held', 'released', 'read', 'confirmed']),
    at: time,
    run: z.string().optional(),
    subject: z.string().optional().meta({ description: 'keyed hash' }),
    reason: z.string(),
    by: z.string(),
    second: z.string().optional(),
    call: z
      .object({ index: z.int(), cost: money })
      .optional()
      .meta({ description: 'the lost call that is confirmed, and what it is said to have cost' }),
  })
  .meta({ id: 'Act' })

export const candidate = z
  .object({
    alias: z.string(),
    provider: z.string(),
    model: z.string(),
    breaker: z.enum(['closed', 'open', 'half open']),
    from: time.meta({ description: 'when it may be asked again; in the past: now' }),
    answered: z.string().optional(),
    before: z
      .object({ answered: z.string(), until: time })
      .optional()
      .meta({ description: 'what answered under the same name before' }),
  })
  .meta({ id: 'Candidate' })

export const modelUse = z
  .object({
    alias: z.string(),
    provider: z.string(),
    model: z.string(),
    calls: z.int(),
    failed: z.int(),
    share: z.number().meta({ description: 'of the calls of its alias' }),
    failovers: z.int(),
    p50: z.number().optional().meta({ description: 'ms of a call that was answered' }),
    p95: z.number().optional(),
    cost: money,
    unpriced: z.int(),
    price: z
      .looseObject({ source: z.string(), input: z.number().optional(), output: z.number().optional() })
      .optional()
      .meta({ description: 'US dollars for a million tokens, of the latest answer' }),
    identities: z
      .array(z.object({ answered: z.string(), firstSeen: time, lastSeen: time, calls: z.int(), run: z.string() }))
      .readonly()
      .meta({ description: 'who answered under this name; each but the first came without a word' }),
  })
  .meta({ id: 'ModelUse' })

export const budgetUse = z
  .object({
    name: z.string(),
    by: z.string(),
    only: z.string().optional(),
    unit: z.enum(['money', 'tokens']),
    limit: money.meta({ description: 'nano-dollars or tokens' }),
    per: z.enum(['hour', 'day', 'month', 'total']),
    window: z.object({ from: time, next: time }).optional(),
    onExceed: z.enum(['fail', 'wait', 'degrade', 'ask']),
    used: money.optional().meta({ description: 'absent where each is counted by itself' }),
    most: z.array(z.object({ of: z.string(), used: money })).readonly(),
  })
  .meta({ id: 'Budget' })

export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().meta({ description: 'stable; docs/errors.md has them all' }),
    hint: z.string().optional(),
    run: z.string().optional(),
    step: z.string().optional(),
  })
  .meta({ id: 'Problem' })

export const done = z.object({ ok: z.literal(true) })
