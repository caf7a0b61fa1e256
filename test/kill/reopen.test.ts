import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { open } from './support/history.ts'
import { run } from './support/process.ts'
import { lines } from './support/verdict.ts'
import type { Effect } from './workload/effects.ts'

const size = 10_000
const third = Math.floor(size / 3)
const crowd = join(import.meta.dirname, 'workload/crowd.ts')

it.each([
  { were: 'those who waited had left memory', linger: '20' },
  { were: 'all of them were in memory', linger: '3600000' },
])(
  'ten thousand unfinished runs of a killed process go on in the next one: $were',
  { timeout: 240_000 },
  async ({ were, linger }) => {
    const folder = mkdtempSync(join(tmpdir(), 'spanwise-reopen-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const env = { KILL_FOLDER: folder }
    const filling = run(crowd, { args: ['fill', String(size), linger], env })
    await filling.said('full')
    filling.kill()
    await filling.ended

    const started = performance.now()
    const moving = run(crowd, { args: ['move', String(size), '200'], env })
    const said = await moving.said('moved')
    const took = performance.now() - started
    const { code } = await moving.ended
    expect(code, moving.output()).toBe(0)
    const { opened, first, all, due, memory } = JSON.parse(said.slice('moved '.length)) as Record<string, number>
    const seconds = (ms: number | undefined): string => ((ms ?? Number.NaN) / 1_000).toFixed(2)
    console.log(
      `reopen: ${size} unfinished runs, ${were}; first step after ${seconds(first)} s, open after ${seconds(opened)} s, ` +
        `all ${due} that were due done after ${seconds(all)} s (${seconds(took)} s with the process), ${memory} MB`,
    )
    // three seconds on a machine of its own
    expect(all).toBeLessThan(15_000)

    const store = await open(join(folder, 'store.db'))
    onTestFinished(() => store.close())
    expect(await store.counts()).toMatchObject({ completed: due, waiting: 3 * third - (due as number), running: 0 })
    const effects = lines<Effect>(join(folder, 'effects'))
    expect(effects).toHaveLength(2 * third)
    expect(new Set(effects.map(({ run, pid }) => `${run} ${pid}`)).size).toBe(2 * third)
    expect(new Set(effects.map(({ run, idempotencyKey }) => `${run} ${idempotencyKey}`)).size).toBe(third)
  },
)
