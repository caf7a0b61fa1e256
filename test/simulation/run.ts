import { parseArgs } from 'node:util'
import { generate } from './generate.ts'
import { print, type Schedule } from './schedule.ts'
import { shrink } from './shrink.ts'
import { simulate } from './simulate.ts'

const usage = `npm run simulate -- [--seeds N] [--from S] [--story] [--keep-going] [--no-shrink]

  --seeds N      how many schedules to play; 1000
  --from S       the first of them; 1
  --story        tells what happens in each
  --keep-going   does not stop at the first that fails
  --no-shrink    shows a failing schedule as it is`

const { values } = parseArgs({
  allowNegative: true,
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    story: { type: 'boolean', default: false },
    'keep-going': { type: 'boolean', default: false },
    shrink: { type: 'boolean', default: true },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(usage)
  process.exit()
}

const from = Number(values.from)
const seeds = Number(values.seeds)
const began = performance.now()
const total = { failed: 0, executions: 0, entries: 0, operations: 0, processes: 0 }
let seed = from
for (; seed < from + seeds; seed++) {
  const schedule = generate(seed)
  const { wrong, story, ...counts } = await simulate(schedule, values.story)
  if (values.story) console.log([print(schedule), ...story].join('\n'))
  for (const what of ['executions', 'entries', 'operations', 'processes'] as const) total[what] += counts[what]
  if (wrong.length === 0) continue
  total.failed++
  console.log(
    `seed ${seed}: ${wrong.slice(0, 5).join('\n  ')}\n  repeat it: npm run simulate -- --from ${seed} --seeds 1 --story`,
  )
  if (values.shrink) await showShrunk(schedule, wrong[0] as string)
  if (!values['keep-going']) {
    seed++
    break
  }
}
const seconds = (performance.now() - began) / 1_000
console.log(`${JSON.stringify({ seeds: seed - from, ...total, perSecond: Math.round((seed - from) / seconds) })}`)
process.exitCode = total.failed > 0 ? 1 : 0

async function showShrunk(schedule: Schedule, wrong: string): Promise<void> {
  const shrunk = await shrink(schedule, wrong)
  const verdict = await simulate(shrunk, true)
  const parts = ['', 'shrunk to this, where it goes so:', print(shrunk), ...verdict.story, ...verdict.wrong]
  console.log([...parts, '', `as data: ${JSON.stringify(shrunk)}`, ''].join('\n'))
}
