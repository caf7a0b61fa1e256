import { serve } from '@hono/node-server'
import { Hono } from 'hono'

/** What the load generator can do at all: the same server, which reads the body and answers. */
export async function open({ ports: [port] }) {
  const hono = new Hono()
  hono.post('/runs', async (context) => context.json({ id: (await context.req.json()).workflow }, 201))
  await new Promise((resolve) => serve({ fetch: hono.fetch, port, hostname: '127.0.0.1' }, resolve))
  return {
    url: `http://127.0.0.1:${port}`,
    path: '/runs',
    headers: {},
    body: '{"workflow":"one","input":{"i":7}}',
    status: 201,
    ended: () => undefined,
  }
}
