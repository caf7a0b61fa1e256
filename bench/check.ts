import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compare } from './ratios.ts'

/**
 * Measures again and reports every ratio that is more than 20 % worse than the committed one. For a quiet machine, before a
 * release; not for CI, whose machines are noisy.
 */
const bound = 0.2
/** the disk then and now, whichever was measured */
const disks = ['11 bare commits p50 ms', '3 bare commits p50 ms']
const here = import.meta.dirname
const folder = mkdtempSync(join(tmpdir(), 'spanwise-bench-check-'))
try {
  const out = join(folder, 'now.json')
  const args = ['--expose-gc', '--conditions=spanwise-source', join(here, 'run.ts'), '--out', out]
  const { status } = spawnSync(process.execPath, [...args, ...process.argv.slice(2)], { stdio: 'inherit' })
  if (status !== 0) throw new Error(`the benchmarks ended with code ${status}`)
  const read = (file: string): { readonly figures: Readonly<Record<string, number>> } =>
    JSON.parse(readFileSync(file, 'utf8'))
  const before = read(join(here, 'results/core.json')).figures
  const now = read(out).figures
  const compared = compare(before, now)
  process.stdout.write('\nagainst bench/results/core.json\n')
  for (const { name, before, now, worse } of compared) {
    const change = `${worse > 0 ? 'worse' : 'better'} by ${Math.abs(Math.round(worse * 100))} %`
    const said = worse > bound ? `${change}  <--` : change
    process.stdout.write(`${name.padEnd(46)} ${String(before).padStart(9)} ${String(now).padStart(9)}  ${said}\n`)
  }
  const commits = disks.find((name) => now[name] !== undefined) ?? ''
  const disk = (before[commits] ?? 0) / (now[commits] ?? 0)
  const sameDisk = commits === '' || (disk > 0.67 && disk < 1.5)
  if (!sameDisk && Number.isFinite(disk) && disk > 0)
    process.stdout.write(
      `\na commit takes ${Math.round(100 / disk)} % of the time that it took then: ratios to commits say nothing, measure both anew\n`,
    )
  const counted = sameDisk ? compared : compared.filter(({ name }) => !name.includes('commit'))
  const regressed = counted.filter(({ worse }) => worse > bound)
  if (compared.length === 0) throw new Error('nothing was measured that could be compared')
  if (regressed.length > 0) process.stdout.write(`\n${regressed.length} worse by more than ${bound * 100} %\n`)
  process.exitCode = regressed.length > 0 ? 1 : 0
} finally {
  rmSync(folder, { recursive: true, force: true })
}
