import { step } from 'spanwise'
import { z } from 'zod'
import { message, search } from './archive.ts'

export const searchArchive = step(
  'search',
  {
    description: 'Finds messages of the archive by words; answers ids, senders and subjects.',
    input: z.object({ query: z.string(), limit: z.number().int().min(1).max(10).default(5) }),
    effect: 'idempotent',
  },
  async ({ query, limit }) => search(query, limit),
)

export const readMessage = step(
  'read',
  { description: 'Reads one message by its id.', input: z.object({ id: z.string() }), effect: 'idempotent' },
  async ({ id }) => message(id),
)
