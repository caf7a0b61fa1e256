import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as restate from '@restatedev/restate-sdk'
import * as clients from '@restatedev/restate-sdk-clients'

export const title = 'Restate'
export const durability = 'each step synced (its own log), a server beside the service'

export async function open({ dir, ports, sideEffect, isRecovery }) {
  const [ingress, admin, fabric, services] = ports
  const server = spawn(binary(), ['--base-dir', join(dir, 'restate'), '--node-name', 'bench'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      RUST_LOG: 'error',
      RESTATE_DISABLE_TELEMETRY: 'true',
      RESTATE_LISTEN_MODE: 'tcp',
      RESTATE_BIND_ADDRESS: `127.0.0.1:${fabric}`,
      RESTATE_ADVERTISED_ADDRESS: `http://127.0.0.1:${fabric}`,
      RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
      RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
    },
  })
  const bench = restate.service({
    name: 'bench',
    handlers: {
      async ten(context) {
        let sum = 0
        for (let i = 0; i < 10; i++) sum += (await context.run('trivial', async () => ({ i }))).i
        return sum
      },
      async hundred(context) {
        const results = await restate.RestatePromise.all(
          Array.from({ length: 100 }, (_, i) => context.run('trivial', async () => ({ i }))),
        )
        return results.length
      },
      async slow(context, id) {
        for (let i = 0; i < 10; i++)
          await context.run('wait', async () => {
            await sleep(20)
            sideEffect(`${id} ${i}`)
            return i
          })
      },
    },
  })
  await restate.serve({ services: [bench], port: services })
  await until(`http://127.0.0.1:${admin}/health`)
  // after a crash it knows where its services are
  if (!isRecovery)
    await fetch(`http://127.0.0.1:${admin}/deployments`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ uri: `http://127.0.0.1:${services}` }),
    })
  const client = clients.connect({ url: `http://127.0.0.1:${ingress}` }).serviceClient({ name: 'bench' })
  await until(`http://127.0.0.1:${ingress}/restate/health`)
  return {
    ten: () => client.ten(),
    hundred: () => client.hundred(),
    slow: (id) => client.slow(id, clients.rpc.opts({ idempotencyKey: id })),
    async close() {
      server.kill()
    },
  }
}

function binary() {
  const require = createRequire(createRequire(import.meta.url).resolve('@restatedev/restate-server/package.json'))
  const platform = `@restatedev/restate-server-${process.platform}-${process.arch}`
  return join(dirname(require.resolve(`${platform}/package.json`)), 'bin', 'restate-server')
}

async function until(url) {
  for (let i = 0; i < 600; i++) {
    const answer = await fetch(url).catch(() => undefined)
    if (answer?.ok) return
    await sleep(50)
  }
  throw new Error(`${url} does not answer`)
}
