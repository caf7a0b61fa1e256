import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { connect } from '../../packages/spanwise/src/app/index.ts'
import { createClient } from '../../packages/spanwise/src/server/client/index.ts'
import { project, type Running, shop } from '../cli/project.ts'

async function serving(running: Running): Promise<string> {
  let out = ''
  running.child.stdout?.on('data', (text: string) => {
    out += text
  })
  await running.says(/"event":"serving"/)
  return /"url":"([^"]+)"/.exec(out)?.[1] as string
}

/** What came of a request: its status, or why there is none. */
function start(agent: Agent, url: string, id: string): Promise<number | string> {
  return new Promise((resolve) => {
    const body = JSON.stringify({ workflow: 'greet', input: id, id })
    const sent = request(`${url}/api/v1/runs`, {
      agent,
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    })
    sent.on('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)))
    sent.on('response', (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode as number))
      response.on('error', () => resolve('cut off'))
    })
    sent.end(body)
  })
}

it('loses no request when it is told to end under load', async () => {
  const { folder, begin } = project(shop)
  const running = begin(['start', '--json', '--port', '0'])
  const url = await serving(running)
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  const acknowledged: string[] = []
  /** the connection broke: nobody has read it, or it is lost */
  const broken: string[] = []
  const others = new Set<number | string>()
  let count = 0
  let told = false
  const sender = async (): Promise<void> => {
    for (;;) {
      const id = `load-${count++}`
      const what = await start(agent, url, id)
      if (what === 201) acknowledged.push(id)
      else if (what === 'ECONNRESET') broken.push(id)
      else others.add(what)
      if (what === 'ECONNREFUSED') return
      if (acknowledged.length > 200 && !told) {
        told = true
        running.child.kill('SIGTERM')
      }
    }
  }
  await Promise.all(Array.from({ length: 16 }, sender))
  agent.destroy()
  expect((await running.ended).code).toBe(0)
  expect(others).toEqual(new Set(['ECONNREFUSED']))
  const app = await connect({ store: `sqlite:${join(folder, 'data/store.db')}` })
  for (const id of acknowledged) expect(await app.get('greet', id), id).toBeDefined()
  // what was taken was answered: of a connection that the closing socket dropped, nothing was read
  for (const id of broken) expect(await app.get('greet', id), id).toBeUndefined()
  expect(broken.length).toBeLessThan(16)
  await app.close()
})

it('tells 500 viewers of one run the same, over a restart', async () => {
  const { begin } = project(shop)
  const first = begin(['start', '--json', '--port', '0'])
  const url = await serving(first)
  const client = createClient({ url })
  const run = await client.startRun({ workflow: 'refund', input: { order: 'o-7' } })
  let connected = 0
  const onConnection = (isConnected: boolean): void => {
    connected += isConnected ? 1 : -1
  }
  const follow = async (): Promise<string[]> => {
    const seen: string[] = []
    for await (const message of client.follow(run.id, { onConnection })) {
      if (message.type === 'entry') seen.push(`${message.entry.index} ${message.entry.kind}`)
    }
    return seen
  }
  const viewers = Array.from({ length: 500 }, follow)
  await expect.poll(() => connected, { timeout: 60_000 }).toBe(500)
  await client.signalRun({ run: run.id, signal: 'paid', value: { amount: 3 } })
  await expect.poll(async () => (await client.listApprovals()).items.length).toBe(1)
  first.child.kill('SIGTERM')
  await first.ended
  const second = begin(['start', '--json', '--port', new URL(url).port])
  await serving(second)
  await expect.poll(() => connected, { timeout: 60_000 }).toBe(500)
  const [question] = (await client.listApprovals()).items
  await client.decideApproval({ approval: question?.id as string, approve: true, form: { note: 'fine' } })
  const seen = await Promise.all(viewers)
  const expected = [
    '0 run.started',
    '1 signal.received',
    '2 approval.requested',
    '3 approval.decided',
    '4 run.completed',
  ]
  expect(seen.filter((one) => one.join() !== expected.join())).toEqual([])
  second.child.kill('SIGTERM')
  await once(second.child, 'close')
}, 180_000)

it('only serves what another process works on, and goes on when that one has gone', async () => {
  const { begin } = project(shop)
  const worker = begin(['start', '--json', '--no-serve'])
  await worker.says(/"event":"working"/)
  const server = begin(['start', '--json', '--no-work', '--port', '0'])
  const client = createClient({ url: await serving(server) })
  const run = await client.startRun({ workflow: 'greet', input: 'Ada' })
  await expect.poll(async () => (await client.waitForRun({ run: run.id, wait: 1 })).result).toBe('hello Ada')
  worker.child.kill('SIGTERM')
  await worker.ended
  expect((await client.startRun({ workflow: 'greet', input: 'Bob' })).status).toBe('queued')
  server.child.kill('SIGTERM')
  expect((await server.ended).code).toBe(0)
})

it('keeps keys by the command line, and asks for them where others can reach it', async () => {
  const { cli, begin } = project(shop)
  const refused = await cli('start', '--host', '0.0.0.0', '--port', '0')
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('without authentication')])
  const made = await cli('api-keys', 'create', 'ci', '--role', 'operator', '--expires', '90d')
  const token = made.out.trim()
  const running = begin(['start', '--json', '--host', '0.0.0.0', '--port', '0'])
  const url = (await serving(running)).replace('0.0.0.0', '127.0.0.1')
  await expect(createClient({ url }).whoAmI()).rejects.toMatchObject({ status: 401 })
  expect(await createClient({ url, token }).whoAmI()).toMatchObject({ name: 'ci' })
  const [key] = (JSON.parse((await cli('api-keys', '--json')).out) as { keys: { id: string }[] }).keys
  await cli('api-keys', 'revoke', key?.id as string)
  await expect
    .poll(() =>
      createClient({ url, token })
        .whoAmI()
        .catch((error: { status: number }) => error.status),
    )
    .toBe(401)
  running.child.kill('SIGTERM')
  await running.ended
})
