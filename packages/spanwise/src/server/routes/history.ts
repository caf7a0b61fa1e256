import { z } from 'zod'
import { SpanwiseError } from '../../journal/index.ts'
import { holds } from '../caller.ts'
import { runUnknown } from '../refusals.ts'
import { route, streamRoute } from '../route.ts'
import { none, runEvent, statusName, text } from '../schemas.ts'
import { eventView } from '../views/run.ts'

const run = z.strictObject({ run: text })
const entry = z.strictObject({ run: text, index: z.int().min(0) })
const payloads = z
  .enum(['cut', 'full', 'none'])
  .default('cut')
  .meta({ description: 'long payloads are cut; one entry alone has all of it' })

const fact = z.looseObject({ key: z.string(), index: z.int() })

export const historyRoutes = {
  listEvents: route({
    summary: 'Entries of a run’s history, in order',
    group: 'history',
    role: 'viewer',
    tenant: 'run',
    params: run,
    input: z.strictObject({
      from: z.int().min(0).default(0).meta({ description: 'index of the first entry' }),
      limit: z.int().min(1).max(1_000).default(200),
      payloads,
    }),
    output: z.object({
      items: z.array(runEvent),
      next: z.int().optional().meta({ description: '`from` of the next page; absent on the last one' }),
    }),
    async handler({ scope, input: { from, limit, payloads: how } }) {
      const items = []
      for await (const event of scope.run.events({ from, limit })) items.push(eventView(event, how))
      return { items, next: items.length < limit ? undefined : (items.at(-1)?.index ?? from) + 1 }
    },
  }),
  getEvent: route({
    summary: 'One entry, whole',
    group: 'history',
    role: 'viewer',
    tenant: 'run',
    params: entry,
    input: none,
    output: runEvent,
    async handler({ scope, params: { index } }) {
      for await (const event of scope.run.events({ from: index, limit: 1 })) {
        if (event.index === index) return eventView(event, 'full')
      }
      throw new SpanwiseError({
        code: 'ENTRY_UNKNOWN',
        message: `Run ${scope.run.id} has no entry ${index}.`,
        hint: 'GET …/events lists them.',
        run: scope.run.id,
      })
    },
  }),
  followRun: streamRoute({
    summary: 'What happens in a run, as it happens: server-sent events',
    group: 'history',
    role: 'viewer',
    tenant: 'run',
    type: 'text/event-stream',
    params: run,
    input: z.strictObject({
      from: z
        .int()
        .min(0)
        .optional()
        .meta({ description: 'index of the first entry; the header Last-Event-ID, if there is one, says it better' }),
      payloads,
    }),
    handler: async ({ scope, input: { from, payloads: how }, live, request, signal }) => {
      const last = request.headers.get('last-event-id')
      const resumed = last === null || !/^\d{1,15}$/.test(last) ? undefined : Number(last) + 1
      return live.stream(scope.run, { from: resumed ?? from ?? 0, payloads: how, signal })
    },
  }),
  streamRun: streamRoute({
    summary:
      'What the model calls of a run say while they say it, provisionally, and what is on record: server-sent events',
    group: 'history',
    role: 'viewer',
    tenant: 'run',
    type: 'text/event-stream',
    params: run,
    input: z.strictObject({
      after: z.string().max(4_000).optional().meta({
        description:
          'id of the last event that was taken in; the header Last-Event-ID, if there is one, says it better',
      }),
      events: z.boolean().optional().meta({ description: 'tells what else is on record too, in its order' }),
    }),
    handler: async ({ scope, input: { after, events }, live, request, signal }) =>
      live.parts(scope.run, { after: request.headers.get('last-event-id') ?? after, events, signal }),
  }),
  getMoment: route({
    summary: 'A run as it stood when an entry had just been written',
    group: 'history',
    role: 'viewer',
    tenant: 'run',
    params: entry,
    input: none,
    output: z.object({
      run: z.string(),
      index: z.int(),
      at: z.string(),
      status: statusName,
      input: z.unknown().optional(),
      open: z.array(z.object({ key: z.string(), kind: z.string(), since: z.int() })).readonly(),
      done: z.array(fact).readonly(),
    }),
    handler: async ({ scope, params: { index } }) => (await scope.run.at(index)) as never,
  }),
  listStates: route({
    summary: 'States of graphs and agents in a run, round by round',
    group: 'history',
    role: 'viewer',
    tenant: 'run',
    params: run,
    input: z.strictObject({ of: text.optional().meta({ description: 'the operation; all where it is not said' }) }),
    output: z.object({
      items: z
        .array(
          z.object({
            index: z.int(),
            at: z.string(),
            key: z.string(),
            round: z.int(),
            done: z.boolean(),
            state: z.unknown().optional(),
            next: z.array(z.string()).readonly(),
          }),
        )
        .readonly(),
    }),
    handler: async ({ scope, input: { of } }) => ({ items: await scope.run.states(of === undefined ? {} : { of }) }),
  }),
  diffRuns: route({
    summary: 'Two runs side by side: what they did alike, and where they went apart',
    group: 'history',
    role: 'viewer',
    tenant: 'run',
    params: z.strictObject({ run: text, other: text }),
    input: none,
    output: z.object({
      a: z.looseObject({ run: z.string() }),
      b: z.looseObject({ run: z.string() }),
      rows: z.array(z.looseObject({ key: z.string(), is: z.string() })).readonly(),
      divergence: z.looseObject({ key: z.string(), is: z.string() }).optional(),
    }),
    async handler({ app, all, scope, params: { other }, caller }) {
      // both have to be the caller's
      const second = await all.get(other)
      const state = await second?.status()
      if (state === undefined || !holds(caller, state.tenant, 'viewer')) throw runUnknown(other)
      return (await app.diff(scope.run.id, other)) as never
    },
  }),
} as const
