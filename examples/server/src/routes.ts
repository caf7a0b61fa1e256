import { Hono } from 'hono'
import { type App, healthHandler, isSpanwiseError } from 'spanwise'
import { Refund, refund } from './refund.ts'

/** The API over an app. A request starts or asks; what takes long goes on without it. */
export function routes(app: App): Hono {
  const server = new Hono()
  const health = healthHandler(app)

  server.get('/livez', (context) => health(context.req.raw))
  server.get('/readyz', (context) => health(context.req.raw))

  // the order is the run's id: whoever repeats the request gets the run that there is
  server.post('/refunds', async (context) => {
    const input = Refund.safeParse(await context.req.json().catch(() => undefined))
    if (!input.success) return context.json({ error: 'an order and an amount above 0 are needed' }, 400)
    await app.start(refund, input.data, { id: input.data.order })
    return context.json({ order: input.data.order }, 202, { location: `/refunds/${input.data.order}` })
  })

  server.get('/refunds/:order', async (context) => {
    const run = await app.get(refund, context.req.param('order'))
    if (run === undefined) return context.json({ error: 'there is no such refund' }, 404)
    const { status } = await run.status()
    const { items } = await app.approvals({ run: run.id })
    return context.json({
      status,
      asks: items.map(({ id, question }) => ({ id, question })),
      ...(status === 'completed' ? { result: await run.result() } : {}),
    })
  })

  server.post('/approvals/:id', async (context) => {
    const { approve, by } = await context.req.json()
    await app.decide(context.req.param('id'), { approve: approve === true, by: String(by) })
    return context.body(null, 204)
  })

  server.onError((error, context) => {
    if (!isSpanwiseError(error)) return context.json({ error: 'something went wrong' }, 500)
    // the same order with another amount, or an approval that is decided already
    const conflict = error.code === 'ID_CONFLICT' || error.code === 'APPROVAL_CLOSED'
    return context.json({ error: error.message, code: error.code, hint: error.hint }, conflict ? 409 : 500)
  })
  return server
}
