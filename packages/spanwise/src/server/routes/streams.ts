import { z } from 'zod'
import { route } from '../route.ts'
import { cursor, limit, none, pageOf, streamState } from '../schemas.ts'

/** What the protocol of streams has no word for. */
export const streamRoutes = {
  listStreams: route({
    summary: 'Named streams, newest first; each one answers by the Durable Streams protocol under /streams/{name}',
    group: 'streams',
    role: 'viewer',
    tenant: 'some',
    params: none,
    input: z.strictObject({ after: cursor, limit }),
    output: pageOf(streamState),
    handler: ({ app, scope: { tenant }, input }) =>
      app.streams.list({ ...input, ...(tenant === undefined ? {} : { tenant }) } as Parameters<
        typeof app.streams.list
      >[0]),
  }),
} as const
