import { DBOS } from '@dbos-inc/dbos-sdk'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'

/** Behind the HTTP server that ours has: Hono on Node. */
export async function open({ postgres, ports: [port] }) {
  DBOS.setConfig({
    name: 'bench',
    applicationVersion: 'v1',
    systemDatabaseUrl: `${postgres}/dbos_sys`,
    logLevel: 'error',
    runAdminServer: false,
  })
  let ended = 0
  const one = DBOS.registerWorkflow(
    async (input) => {
      const { i } = await DBOS.runStep(async () => ({ i: input.i }), { name: 'trivial' })
      ended++
      return i
    },
    { name: 'one' },
  )
  await DBOS.launch()
  const hono = new Hono()
  hono.post('/runs', async (context) => {
    const { input } = await context.req.json()
    const handle = await DBOS.startWorkflow(one)(input)
    return context.json({ id: handle.workflowID }, 201)
  })
  await new Promise((resolve) => serve({ fetch: hono.fetch, port, hostname: '127.0.0.1' }, resolve))
  return {
    url: `http://127.0.0.1:${port}`,
    path: '/runs',
    headers: {},
    body: '{"workflow":"one","input":{"i":7}}',
    status: 201,
    ended: () => ended,
  }
}
