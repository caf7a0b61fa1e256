import { app, summary } from '../../../lib/spanwise.ts'

/** `POST /api/summaries`: takes a text in, and comes back when it is on disk. */
export async function POST(request: Request): Promise<Response> {
  const { id, text } = (await request.json()) as { id?: unknown; text?: unknown }
  if (typeof id !== 'string' || typeof text !== 'string')
    return Response.json({ error: 'an id and a text are needed' }, { status: 400 })
  await (await app()).start(summary, text, { id })
  return Response.json({ id }, { status: 202 })
}

/** `GET /api/summaries?id=…` */
export async function GET(request: Request): Promise<Response> {
  const id = new URL(request.url).searchParams.get('id') ?? ''
  const run = await (await app()).get(summary, id)
  if (run === undefined) return Response.json({ error: 'there is no such summary' }, { status: 404 })
  const { status } = await run.status()
  return Response.json({ status, ...(status === 'completed' ? { summary: await run.result() } : {}) })
}
