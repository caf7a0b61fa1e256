import { setTimeout as sleep } from 'node:timers/promises'
import * as restate from '@restatedev/restate-sdk'
import * as clients from '@restatedev/restate-sdk-clients'
import { launch } from './launch.mjs'

export const title = 'Restate'
export const durability = 'each step synced (its own log), a server beside the service'

export async function open({ dir, ports, sideEffect, isRecovery }) {
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
  const server = await launch({ dir, ports, isRecovery }, [bench])
  const client = clients.connect({ url: server.url }).serviceClient({ name: 'bench' })
  return {
    ten: () => client.ten(),
    hundred: () => client.hundred(),
    slow: (id) => client.slow(id, clients.rpc.opts({ idempotencyKey: id })),
    async close() {
      server.close()
    },
  }
}
