import { setTimeout as sleep } from 'node:timers/promises'
import { DBOS } from '@dbos-inc/dbos-sdk'

export const title = 'DBOS'
export const durability = 'each step synced (Postgres with its defaults)'
export const needs = 'postgres'

export async function open({ postgres, sideEffect }) {
  DBOS.setConfig({
    name: 'bench',
    applicationVersion: 'v1',
    systemDatabaseUrl: `${postgres}/dbos_sys`,
    logLevel: 'error',
    runAdminServer: false,
  })
  const ten = DBOS.registerWorkflow(
    async () => {
      let sum = 0
      for (let i = 0; i < 10; i++) sum += (await DBOS.runStep(async () => ({ i }), { name: 'trivial' })).i
      return sum
    },
    { name: 'ten' },
  )
  const hundred = DBOS.registerWorkflow(
    async () => {
      const results = await Promise.all(
        Array.from({ length: 100 }, (_, i) => DBOS.runStep(async () => ({ i }), { name: 'trivial' })),
      )
      return results.length
    },
    { name: 'hundred' },
  )
  const slow = DBOS.registerWorkflow(
    async (id) => {
      for (let i = 0; i < 10; i++)
        await DBOS.runStep(
          async () => {
            await sleep(20)
            sideEffect(`${id} ${i}`)
            return i
          },
          { name: 'wait' },
        )
    },
    { name: 'slow' },
  )
  await DBOS.launch()
  return {
    ten: () => ten(),
    hundred: () => hundred(),
    slow: async (id) => (await DBOS.startWorkflow(slow, { workflowID: id })(id)).getResult(),
    close: () => DBOS.shutdown(),
  }
}
