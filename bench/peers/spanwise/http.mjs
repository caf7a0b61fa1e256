import { join } from 'node:path'
import { spanwise, step, workflow } from 'spanwise'
import { listen } from 'spanwise/server'

/** `keys`: whoever asks has a key, is counted by the rate limit, and runs belong to a tenant. */
export async function open({ dir, ports: [port], keys }) {
  let ended = 0
  const trivial = step('trivial', async (i) => ({ i }))
  const one = workflow('one', async (input) => {
    const { i } = await trivial(input.i)
    ended++
    return i
  })
  const app = await spanwise({ store: `sqlite:${join(dir, 'spanwise.db')}`, workflows: [one] })
  const rate = { perSecond: 1_000_000, burst: 1_000_000 }
  const { secret } = keys
    ? await app.createApiKey({ name: 'bench', grants: [{ tenant: 'acme', roles: ['operator'] }], by: 'bench' })
    : {}
  const { url } = await listen(app, { port, ...(keys ? { auth: {}, rate } : {}) })
  return {
    url,
    path: '/api/v1/runs',
    headers: secret === undefined ? {} : { authorization: `Bearer ${secret}` },
    body: '{"workflow":"one","input":{"i":7}}',
    status: 201,
    ended: () => ended,
  }
}
