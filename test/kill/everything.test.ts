import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { histories, open } from './support/history.ts'
import { outsider } from './support/outsider.ts'
import { run } from './support/process.ts'
import { type Dice, dice, seedOf } from './support/seeds.ts'
import { judge, startedIn } from './support/verdict.ts'
import type { Plan } from './workload/plan.ts'
import { go, started } from './workload/workflows.ts'

/** `KILL_ROUNDS=1000` for a long night. */
const rounds = Number(process.env['KILL_ROUNDS'] ?? 100)
const perCampaign = 20
const worker = join(import.meta.dirname, 'workload/worker.ts')
const seed = seedOf('everything')
const total = { kills: 0, runs: 0, entries: 0, effects: 0, repeated: 0, outside: 0 }
const refused: Record<string, number> = {}
afterAll(() => console.log(`everything: ${JSON.stringify(total)}, refused outside: ${JSON.stringify(refused)}`))

const campaigns = Array.from({ length: Math.ceil(rounds / perCampaign) }, (_, i) => ({
  seed: seed + i,
  kills: Math.min(perCampaign, rounds - i * perCampaign),
}))

describe('runs that use everything, killed at any moment', () => {
  it.each(campaigns)(
    'keep every promise in the end (seed $seed, $kills kills)',
    { timeout: 300_000 },
    async (campaign) => {
      const folder = mkdtempSync(join(tmpdir(), 'spanwise-everything-'))
      mkdirSync(join(folder, 'ledger'))
      const roll = dice(campaign.seed)
      const plan = {
        seed: campaign.seed,
        linger: roll.pick([0, 10, 200]),
        capacity: roll.pick([25, 10_000]),
      }
      const other = await outsider(folder, { chain: started.chain, go }, dice(campaign.seed + 1))
      for (let number = 0; number < campaign.kills; number++) {
        if (number === Math.floor(campaign.kills / 2)) writeFileSync(join(folder, 'mended'), '')
        await killOne(folder, { ...plan, number, finish: false }, roll)
        total.kills++
      }
      await other.stop()
      total.outside += other.acknowledged()
      for (const [code, count] of other.refused) refused[code] = (refused[code] ?? 0) + count
      writeFileSync(join(folder, 'mended'), '')
      await expectAccepted(folder)
      const last = run(worker, {
        args: [JSON.stringify({ ...plan, number: campaign.kills, finish: true })],
        env: { KILL_FOLDER: folder },
        limit: 90_000,
      })
      const { code } = await last.ended
      const verdict = await judge(folder, startedIn(folder))
      for (const what of ['runs', 'entries', 'effects', 'repeated'] as const) total[what] += verdict[what]
      expect(verdict.wrong, `${folder}\n${last.output()}`).toEqual([])
      expect(code, `${folder}\n${last.output()}`).toBe(0)
      rmSync(folder, { recursive: true })
    },
  )
})

/** Starts a worker and kills it: after a time, after an effect, or while it is still opening. */
async function killOne(folder: string, plan: Plan, roll: Dice): Promise<void> {
  const how = roll.pick(['time', 'time', 'effects', 'effects', 'opening'] as const)
  const moment = how === 'opening' ? 100 + roll.whole(300) : roll.whole(400)
  const effects = how === 'effects' ? { KILL_AFTER_EFFECTS: String(1 + roll.whole(120)) } : {}
  const child = run(worker, { args: [JSON.stringify(plan)], env: { KILL_FOLDER: folder, ...effects }, limit: 30_000 })
  if (how === 'opening') await wait(moment)
  else {
    // runs go on while it opens: an effect may be its end before it can say that it is ready; how it ended is looked at below
    await (how === 'effects' ? Promise.race([child.said('ready').catch(() => {}), child.ended]) : child.said('ready'))
    // whoever kills itself at an effect may have fewer effects than that to make
    await (how === 'time' ? wait(moment) : Promise.race([child.ended, wait(1_000)]))
  }
  child.kill()
  const { code, signal } = await child.ended
  expect({ code, signal }, `${folder}\n${child.output()}`).toEqual({ code: null, signal: 'SIGKILL' })
}

/** Nothing that was acknowledged is missing, before anybody starts it again. */
async function expectAccepted(folder: string): Promise<void> {
  const store = await open(join(folder, 'store.db'))
  try {
    const there = new Set((await histories(store)).map(({ row }) => row.run))
    for (const [name, id] of startedIn(folder)) expect(there.has(id), `${name} was acknowledged`).toBe(true)
  } finally {
    await store.close()
  }
}
