import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { project } from './project.ts'

/** A file of records as a process leaves it. */
function records(run: string, at: string, ms: readonly number[]): string {
  const time = Date.parse(at)
  const lines: unknown[] = [{ t: 'process', v: 1, run, pid: 1, at: time, script: 'app.js', label: `l-${run}` }]
  for (const [n, each] of ms.entries()) {
    lines.push({
      t: 'begin',
      n,
      at: time + n * 1000,
      provider: 'openai',
      host: 'api.openai.com',
      path: '/v1/responses',
      site: 'app.js:3:7 ask',
    })
    lines.push({
      t: 'end',
      n,
      ms: each,
      outcome: 'ok',
      status: 200,
      model: 'gpt-5-mini',
      hash: `h${n}`,
      usage: { input: 1000, output: 1000 },
    })
  }
  return lines.map((line) => JSON.stringify(line)).join('\n')
}

test('baseline shows what was recorded, all of it or a part', async () => {
  const { cli } = project({
    '.spanwise/baseline/a.jsonl': records('aaa', '2026-11-01', [100, 200]),
    '.spanwise/baseline/b.jsonl': records('bbb', '2026-11-02', [50]),
  })
  const all = await cli('baseline')
  expect(all.code).toBe(0)
  expect(all.out).toContain('3 calls to models in 2 runs')
  expect(all.out).toMatch(/\$0\.006750 +3 +app\.js:3:7 ask/)
  expect((await cli('baseline', '--run', 'last')).out).toContain('1 call to models in 1 run')
  expect((await cli('baseline', '--label', 'l-aaa')).out).toContain('2 calls')
  const { out } = await cli('baseline', '--json', '--run', 'aaa')
  expect(JSON.parse(out)).toMatchObject({ calls: 2, ok: 2, cost: '4500000', p50: 100, p95: 200 })
})

test('baseline compare sets two runs, labels or folders beside each other', async () => {
  const { cli, folder } = project({
    '.spanwise/baseline/a.jsonl': records('aaa', '2026-11-01', [100]),
    'other/b.jsonl': records('bbb', '2026-11-02', [50]),
  })
  const shown = await cli('baseline', 'compare', 'l-aaa', 'other')
  expect(shown.out).toMatch(/time p50 +100 ms +50 ms +-50 %/)
  const { after } = JSON.parse((await cli('baseline', 'compare', 'first', 'other', '--json')).out)
  expect(after).toMatchObject({ p50: 50 })
  const wrong = await cli('baseline', 'compare', 'first', 'nothing')
  expect(wrong.code).toBe(2)
  expect(wrong.err).toContain('There is no run nothing.')
  writeFileSync(join(folder, '.spanwise/baseline/a.jsonl'), `${records('aaa', '2026-11-01', [100])}\n{"t":"beg`)
  expect((await cli('baseline')).err).toContain('1 lines in')
})

test('baseline says how to begin where nothing is recorded', async () => {
  const { cli } = project({})
  const nothing = await cli('baseline')
  expect(nothing.code).toBe(0)
  expect(nothing.err).toContain('node --import spanwise/baseline app.js')
})
