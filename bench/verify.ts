import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { spanwise } from 'spanwise'
import { machine } from './machine.ts'
import { atOnce, round } from './measure.ts'
import { ten } from './workflows.ts'

/**
 * What `audit verify` takes for a store of a million entries. Making it takes longer than verifying it: `--store` keeps the file, and
 * takes one that was kept.
 */
const { values } = parseArgs({
  options: { entries: { type: 'string', default: '1000000' }, store: { type: 'string' } },
})
/** a start, ten steps, an end */
const entriesOfTen = 12
const dir = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'spanwise-bench-'))
const path = values.store ?? join(dir, 'verify.db')
process.stdout.write(`audit verify · Node ${machine.node} · ${machine.cores} cores · ${machine.cpu}\n\n`)
try {
  if (!existsSync(path)) {
    const runs = Math.ceil(Number(values.entries) / entriesOfTen)
    await using app = await spanwise({ store: `sqlite:${path}`, workflows: [ten] })
    const rate = await atOnce(runs, 1_000, (n) => app.run(ten, n))
    line('entries/s while it was made', round(rate * entriesOfTen, 0))
  }
  const command = join(dirname(createRequire(import.meta.url).resolve('spanwise')), 'cli/main.ts')
  const args = ['--conditions=spanwise-source', command, 'audit', 'verify', '--json', '--store', `sqlite:${path}`]
  for (let i = 0; i < 3; i++) {
    const started = performance.now()
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 2 ** 26 })
    const took = performance.now() - started
    const { ok, size } = JSON.parse(stdout || '{}') as { ok?: boolean; size?: number }
    if (ok !== true || size === undefined) throw new Error(`it does not verify: ${stdout}${stderr}`)
    if (i === 0) line('entries', size)
    line('verify, s', round(took / 1_000))
    line('verify, µs an entry', round((took / size) * 1_000))
  }
} finally {
  rmSync(dir, { recursive: true, force: true })
}

function line(what: string, value: number): void {
  process.stdout.write(`${what.padEnd(30)} ${String(value).padStart(12)}\n`)
}
