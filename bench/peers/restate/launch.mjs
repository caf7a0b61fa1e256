import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as restate from '@restatedev/restate-sdk'

/** The server with its defaults, and services that it is told of; after a crash it knows them. */
export async function launch({ dir, ports, isRecovery }, services) {
  const [ingress, admin, fabric, port] = ports
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
  await restate.serve({ services, port })
  await until(`http://127.0.0.1:${admin}/health`)
  if (!isRecovery)
    await fetch(`http://127.0.0.1:${admin}/deployments`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ uri: `http://127.0.0.1:${port}` }),
    })
  await until(`http://127.0.0.1:${ingress}/restate/health`)
  return { url: `http://127.0.0.1:${ingress}`, close: () => server.kill() }
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
