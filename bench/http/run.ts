import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { machine } from '../machine.ts'
import { quantile, round } from '../measure.ts'
import { install, versions } from '../peers/place.ts'
import { look } from './look.ts'
import { contenders, type Figures, starts } from './starts.ts'

const usage = `npm run http -w bench -- [--only spanwise,restate] [--rounds 3] [--runs 1000000] [--quick] [--out file]

Starts over HTTP, ours and others in turns; then what looking costs: lists among so many runs, and live events. Installs the others' public packages into bench/peers/* on first use.
BENCH_DIR names the disk, BENCH_POSTGRES a server.`

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(contenders).join(',') },
    rounds: { type: 'string', default: '3' },
    runs: { type: 'string', default: '1000000' },
    quick: { type: 'boolean', default: false },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(usage)
  process.exit()
}

const rounds = values.quick ? 1 : Number(values.rounds)
const found = new Map<string, Figures[]>()
for (const name of values.only.split(',')) {
  const { folder } = contenders[name] ?? {}
  try {
    if (contenders[name] === undefined)
      throw new Error(`there is none of this name, but ${Object.keys(contenders).join(', ')}`)
    if (folder !== undefined) install(folder)
    found.set(name, [])
  } catch (error) {
    console.log(`left out: ${name}: ${(error as Error).message.split('\n')[0]}`)
  }
}
for (let n = 1; n <= rounds; n++)
  for (const [name, all] of found) {
    const contender = contenders[name]
    if (contender === undefined) continue
    console.log(`round ${n} of ${rounds}: ${contender.title}`)
    try {
      all.push(await starts(contender, values.quick ? 1_500 : 6_000))
    } catch (error) {
      found.delete(name)
      console.log(`left out: ${name}: ${(error as Error).message}`)
    }
  }

const servers = Object.fromEntries(
  [...found].map(([name, all]) => {
    const { title, folder } = contenders[name] as (typeof contenders)[string]
    return [name, { title, versions: folder === undefined ? {} : versions(folder), figures: medians(all) }]
  }),
)
const ratios = { 'starts, to Restate’s ingress': ratio('restate'), 'starts, to DBOS': ratio('dbos') }
show()
const looks = found.has('spanwise') ? await looking() : {}
if (values.out !== undefined) {
  const result = { at: new Date().toISOString().slice(0, 10), machine, rounds, ratios, servers, looks }
  writeFileSync(values.out, `${JSON.stringify(result, null, 2)}\n`)
}

/** The median of the rounds' ratios: what the machine did in a round, it did to both. */
function ratio(other: string): number | undefined {
  const [mine, theirs] = [found.get('spanwise'), found.get(other)]
  if (mine === undefined || theirs === undefined) return undefined
  const all = mine.map((figures, n) => (figures['starts/s'] as number) / (theirs[n]?.['starts/s'] as number))
  return round(quantile(all, 0.5))
}

async function looking(): Promise<Figures> {
  const runs = values.quick ? 10_000 : Number(values.runs)
  console.log(`\nlooking at ${runs} runs`)
  const figures = await look(runs, values.quick ? 100 : 1_000)
  for (const [name, value] of Object.entries(figures)) console.log(`${name}: ${value}`)
  return figures
}

function medians(all: readonly Figures[]): Figures {
  const middle = (name: string): number =>
    quantile(
      all.map((one) => one[name] as number),
      0.5,
    )
  return Object.fromEntries(Object.keys(all[0] ?? {}).map((name) => [name, round(middle(name))]))
}

function show(): void {
  const rows = Object.values(servers)
  const names = [...new Set(rows.flatMap(({ figures }) => Object.keys(figures)))]
  const width = Math.max(...names.map((name) => name.length)) + 2
  console.log(`\n${''.padEnd(24)}${names.map((name) => name.padStart(width)).join('')}`)
  for (const { title, figures } of rows)
    console.log(title.padEnd(24) + names.map((name) => String(figures[name] ?? '–').padStart(width)).join(''))
  for (const [name, value] of Object.entries(ratios)) if (value !== undefined) console.log(`${name}: ${value} times`)
}
