import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { open } from './support/history.ts'
import { run } from './support/process.ts'

const program = join(import.meta.dirname, 'workload/deadly.ts')

it.each(['abort', 'kill'])(
  'a run that its process dies of (%s) is set aside with its evidence; the others go on, and it goes on when it is mended',
  { timeout: 180_000 },
  async (how) => {
    const folder = mkdtempSync(join(tmpdir(), 'spanwise-quarantine-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const env = { KILL_FOLDER: folder }
    let lives = 0
    let output = ''
    for (; lives < 12; lives++) {
      const one = run(program, { args: [how], env })
      const { code } = await one.ended
      output = one.output()
      if (code === 0) break
    }
    // three deaths are the run's; the others only were there
    expect(lives, output).toBeGreaterThanOrEqual(3)
    expect(lives, output).toBeLessThanOrEqual(6)
    expect(readFileSync(join(folder, 'died'), 'utf8').length).toBeLessThanOrEqual(lives)
    expect(output).toContain('CRASH_LOOP')

    const store = await open(join(folder, 'store.db'))
    const { items } = await store.list({ limit: 10 })
    const [killer] = items.filter(({ workflow }) => workflow === 'kills')
    expect(killer).toMatchObject({ status: 'needs attention', code: 'CRASH_LOOP' })
    expect(items.filter(({ workflow }) => workflow === 'lives').map(({ status }) => status)).toEqual([
      'completed',
      'completed',
      'completed',
    ])
    const parked = (await store.entries(killer?.run ?? '')).at(-1)
    expect(parked).toMatchObject({ kind: 'run.parked', meta: { code: 'CRASH_LOOP', deaths: 3 } })
    expect(parked?.payload).toMatch(/pid \d+/)
    expect(parked?.payload).toContain('deadly#0')
    await store.close()

    const mended = run(program, { args: ['mended'], env })
    const { code } = await mended.ended
    expect(code, mended.output()).toBe(0)
    expect(mended.output()).toContain('result 1')
  },
)
