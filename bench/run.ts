import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { audit } from './audit.ts'
import { cache } from './cache.ts'
import { machine } from './machine.ts'
import { schedules } from './schedules.ts'
import {
  concurrent,
  dueAtOnce,
  type Figures,
  fanOut,
  firstStep,
  forkLong,
  idle,
  longHistory,
  manyItems,
  parkedRuns,
  repairMany,
  sequential,
} from './suite.ts'

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, out: { type: 'string' }, only: { type: 'string' } },
})
const full = values.quick !== true

const parts: Record<string, () => Promise<Figures>> = {
  W1: () => sequential(full ? 20 : 5),
  'W1 at 64': () => concurrent(64, full ? 6_000 : 1_000),
  'W1 at 1000': () => concurrent(1_000, full ? 10_000 : 2_000),
  W2: () => fanOut(full ? 20 : 3),
  'first step': () => firstStep(full ? 300 : 50),
  'long history': () => longHistory(full ? 50_000 : 5_000),
  fork: () => forkLong(full ? 10_000 : 1_000),
  repair: () => repairMany(full ? 20_000 : 1_000),
  each: () => manyItems(full ? 100_000 : 5_000),
  due: () => dueAtOnce(full ? 10_000 : 1_000),
  parked: () => parkedRuns(full ? 100_000 : 5_000),
  idle: () => idle(full ? 10 : 3),
  audit: () => audit(full ? 7 : 3, full ? 8_000 : 1_000),
  cache: () => cache(64, full ? 3_000 : 500, full ? 2_000 : 500),
  schedules: () => schedules(full ? 10_000 : 1_000, full ? 10 : 3),
}

process.stdout.write(`spanwise bench · Node ${machine.node} · ${machine.cores} cores · ${machine.cpu}\n\n`)
const figures: Figures = {}
for (const [name, part] of Object.entries(parts)) {
  if (values.only !== undefined && !name.startsWith(values.only)) continue
  const found = await part()
  Object.assign(figures, found)
  for (const [what, value] of Object.entries(found))
    process.stdout.write(`${what.padEnd(46)} ${String(value).padStart(12)}\n`)
}
if (values.out !== undefined)
  writeFileSync(
    values.out,
    `${JSON.stringify({ at: new Date().toISOString().slice(0, 10), machine, figures }, null, 2)}\n`,
  )
