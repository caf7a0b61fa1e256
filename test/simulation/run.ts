import { parseArgs } from 'node:util'
import { campaign, type Played } from './campaign.ts'
import { generate } from './generate.ts'
import { print, type Schedule } from './schedule.ts'
import { shrink } from './shrink.ts'
import { simulate } from './simulate.ts'

const usage = `npm run simulate -- [--seeds N] [--from S] [--workers W] [--story] [--keep-going] [--no-shrink]

  --seeds N      how many schedules to play; 1000
  --from S       the first of them; 1
  --workers W    processes that play at the same time; 2
  --story        tells what happens in each, one after the other
  --keep-going   does not stop at the first that fails
  --no-shrink    shows a failing schedule as it is`

const { values } = parseArgs({
  allowNegative: true,
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    workers: { type: 'string', default: '2' },
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

const from = count('from', values.from)
const seeds = count('seeds', values.seeds)
const workers = count('workers', values.workers)
const began = performance.now()
const total = { seeds: 0, failed: 0, executions: 0, entries: 0, operations: 0, processes: 0 }
const failed: Played[] = []

if (values.story) await tell()
// a long night shares its machine: slow is not stuck
else await campaign({ from, seeds, workers, patience: 600_000, each: judge })
const seconds = (performance.now() - began) / 1_000
// one after the other, when nothing else is played: what happens in one process must be repeatable
for (const one of failed) if (values.shrink) await showShrunk(generate(one.seed), one.wrong[0] as string)
console.log(JSON.stringify({ ...total, perSecond: Math.round(total.seeds / seconds) }))
process.exitCode = total.failed > 0 ? 1 : 0

/** @returns whether to go on */
function judge(played: Played): boolean {
  total.seeds++
  for (const what of ['executions', 'entries', 'operations', 'processes'] as const) total[what] += played[what]
  if (played.wrong.length === 0) return true
  total.failed++
  failed.push(played)
  const repeat = `repeat it: npm run simulate -- --from ${played.seed} --seeds 1 --story`
  console.log(`seed ${played.seed}: ${played.wrong.slice(0, 5).join('\n  ')}\n  ${repeat}`)
  return values['keep-going']
}

async function tell(): Promise<void> {
  for (let seed = from; seed < from + seeds; seed++) {
    const schedule = generate(seed)
    const { story, ...verdict } = await simulate(schedule, true)
    console.log([print(schedule), ...story].join('\n'))
    if (!judge({ seed, ...verdict })) return
  }
}

async function showShrunk(schedule: Schedule, wrong: string): Promise<void> {
  const shrunk = await shrink(schedule, wrong)
  const verdict = await simulate(shrunk, true)
  const parts = [`seed ${schedule.seed} shrunk to this, where it goes so:`, print(shrunk), ...verdict.story]
  console.log(['', ...parts, ...verdict.wrong, '', `as data: ${JSON.stringify(shrunk)}`, ''].join('\n'))
}

function count(name: string, text: string): number {
  const number = Number(text)
  if (Number.isSafeInteger(number) && number >= (name === 'from' ? 0 : 1)) return number
  console.error(`--${name} must be a whole number, not “${text}”.\n\n${usage}`)
  process.exit(2)
}
