import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { connect } from '../../packages/spanwise/src/app/index.ts'
import { type Project, project, type Running } from '../cli/project.ts'

const config = `
import { defineConfig, webhook, workflow } from 'spanwise'
const take = workflow('take', async (order) => order.n)
const gather = workflow('gather', { debounce: { period: 50, timeout: 200 } }, async (order) => order.n)
const secret = () => process.env.HOOK_SECRET
export default defineConfig({
  store: 'sqlite:./data/store.db',
  workflows: [take, gather],
  webhooks: [
    webhook.in('orders', { secret, start: take }),
    webhook.in('bursts', { secret, start: gather }),
    webhook.out('ops', { url: () => process.env.OPS_URL, secret, events: ['run.completed'], workflow: take, allowPrivate: true }),
  ],
})
`

/** Sends one message as a sender does: again and again until it is answered with 2xx. */
async function deliver(url: string, name: string, n: number, lost: () => void): Promise<string> {
  const body = JSON.stringify({ n })
  for (;;) {
    const id = `msg_${name}_${n}`
    const at = String(Math.floor(Date.now() / 1000))
    const signature = createHmac('sha256', 'hush').update(`${id}.${at}.${body}`).digest('base64')
    const answer = await new Promise<{ status: number; run?: string } | undefined>((resolve) => {
      const headers = {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': at,
        'webhook-signature': `v1,${signature}`,
      }
      const sent = request(`${url}/webhooks/${name}`, { method: 'POST', headers, agent: false })
      sent.on('error', () => resolve(undefined))
      sent.on('response', (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part
        })
        response.on('error', () => resolve(undefined))
        response.on('end', () => {
          if (response.complete)
            resolve({ ...(JSON.parse(text) as { run?: string }), status: response.statusCode as number })
          else resolve(undefined)
        })
      })
      sent.end(body)
    })
    if (answer?.status === 200) return answer.run as string
    lost()
    await pause(30)
  }
}

async function begin(
  { begin: start }: Project,
  env: Readonly<Record<string, string>>,
  port: string,
): Promise<{ running: Running; url: string }> {
  const running = start(['start', '--json', '--port', port], { env })
  let out = ''
  running.child.stdout?.on('data', (text: string) => {
    out += text
  })
  await running.says(/"event":"serving"/)
  return { running, url: /"url":"([^"]+)"/.exec(out)?.[1] as string }
}

it('what was sent starts once and is told, over kills and orders to end while it streams in', async () => {
  const told = new Map<string, Set<string>>()
  const ops = createServer((incoming, response) => {
    let body = ''
    incoming.on('data', (part) => {
      body += part
    })
    incoming.on('end', () => {
      const { run } = (JSON.parse(body) as { data: { run: string } }).data
      const ids = told.get(run) ?? new Set()
      told.set(run, ids.add(String(incoming.headers['webhook-id'])))
      // some answers are lost as if the network had gone
      if (Math.random() < 0.1) incoming.socket.destroy()
      else response.writeHead(204).end()
    })
  })
  ops.listen(0, '127.0.0.1')
  await once(ops, 'listening')
  onTestFinished(() => void ops.close())
  const env = { HOOK_SECRET: 'hush', OPS_URL: `http://127.0.0.1:${(ops.address() as AddressInfo).port}/` }
  const here = project({ 'spanwise.config.ts': config })
  let { running, url } = await begin(here, env, '0')
  const runs = new Map<string, string>()
  let repeats = 0
  let next = 0
  const messages = 240
  const sender = async (): Promise<void> => {
    while (next < messages) {
      const n = next++
      const name = n % 4 === 0 ? 'bursts' : 'orders'
      runs.set(`${name} ${n}`, await deliver(url, name, n, () => repeats++))
    }
  }
  const sending = Promise.all(Array.from({ length: 8 }, sender))
  for (const [share, signal] of [
    [0.2, 'SIGKILL'],
    [0.4, 'SIGTERM'],
    [0.6, 'SIGKILL'],
    [0.8, 'SIGKILL'],
  ] as const) {
    await expect.poll(() => runs.size, { timeout: 60_000 }).toBeGreaterThan(share * messages)
    running.child.kill(signal)
    const { code } = await running.ended
    if (signal === 'SIGTERM') expect(code).toBe(0)
    running = (await begin(here, env, new URL(url).port)).running
  }
  await sending
  expect(repeats).toBeGreaterThan(0)
  const orders = [...runs].filter(([name]) => name.startsWith('orders'))
  // each has a run of its own, and it was told
  await expect.poll(() => told.size, { timeout: 120_000 }).toBe(orders.length)
  running.child.kill('SIGTERM')
  await running.ended
  expect([...told.keys()].toSorted()).toEqual(orders.map(([, run]) => run).toSorted())
  // however often, under one id
  expect([...told.values()].filter((ids) => ids.size !== 1)).toEqual([])
  const app = await connect({ store: `sqlite:${join(here.folder, 'data/store.db')}` })
  const started: string[] = []
  for (let after: string | undefined, more = true; more; ) {
    const page = await app.list({ workflow: 'take', limit: 100, ...(after === undefined ? {} : { after }) })
    started.push(...page.items.map(({ id }) => id))
    after = page.after
    more = after !== undefined
  }
  expect(started.toSorted()).toEqual(orders.map(([, run]) => run).toSorted())
  // each burst is in one run, and in it once
  const bursts = (await app.list({ workflow: 'gather', limit: 200 })).items
  let parts = 0
  for (const { id } of bursts)
    for await (const { kind } of (await app.get(id))?.events() ?? [])
      if (kind === 'run.started' || kind === 'run.debounced') parts++
  expect(parts).toBe(messages - orders.length)
  await app.close()
}, 300_000)
