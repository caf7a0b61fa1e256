import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { open } from './support/history.ts'
import { run } from './support/process.ts'

const program = join(import.meta.dirname, 'workload/shared.ts')

it('a result that many wait for is computed once more when the process that computes it is killed, and then no more', {
  timeout: 180_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-cache-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const env = { KILL_FOLDER: folder }
  const found = (): readonly string[] => readFileSync(join(folder, 'found'), 'utf8').trim().split('\n')

  const first = run(program, { args: ['hold'], env })
  await Promise.all([first.said('computes'), first.said('started')])
  first.kill()
  await first.ended
  expect(found()).toEqual([String(first.pid)])

  const second = run(program, { args: ['go'], env })
  const { code } = await second.ended
  expect(code, second.output()).toBe(0)
  const results = JSON.parse((await second.said('results ')).slice('results '.length)) as unknown[]
  expect(results).toEqual(results.map(() => ({ what: 'it', pid: second.pid })))
  expect(results).toHaveLength(20)
  expect(found()).toEqual([String(first.pid), String(second.pid)])

  // it outlives that process
  const third = run(program, { args: ['go', '25'], env })
  expect((await third.ended).code, third.output()).toBe(0)
  expect(found()).toHaveLength(2)

  const store = await open(join(folder, 'store.db'))
  onTestFinished(() => store.close())
  const { items } = await store.list({ limit: 100 })
  const entries = await Promise.all(items.map(async ({ run }) => store.entries(run)))
  const steps = entries.map((one) => one.find(({ kind }) => kind === 'step.result'))
  expect(steps).toHaveLength(25)
  const computed = steps.filter((one) => one?.meta['cached'] === undefined)
  expect(computed).toHaveLength(1)
  const [source] = computed
  for (const one of steps)
    if (one !== source)
      expect(one?.meta).toMatchObject({ cached: true, source: source?.run, sourceIndex: source?.index })
})
