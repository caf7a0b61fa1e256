import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { machine } from '../machine.ts'
import { quantile, round } from '../measure.ts'
import { crash } from './crash.ts'
import type { Order } from './drive.ts'
import { type PeerModule, peerNames } from './peer.ts'
import { freePorts, here, install, versions } from './place.ts'
import { type Database, postgres } from './postgres.ts'

const usage = `npm run peers -w bench -- [--only spanwise,restate] [--rounds 3] [--quick] [--out file]

Each product runs in a process of its own, one after the other, in every round; the medians of the rounds are shown.
Installs their public packages into bench/peers/* on first use. BENCH_DIR names the disk, BENCH_POSTGRES a server.`

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: peerNames.join(',') },
    rounds: { type: 'string', default: '3' },
    quick: { type: 'boolean', default: false },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(usage)
  process.exit()
}

type Figures = Record<string, number>
const rounds = values.quick ? 1 : Number(values.rounds)
const all = new Map<string, { title: string; durability: string; versions: object; rounds: Figures[] }>()

for (const name of values.only.split(',')) {
  const folder = join(here, name.split('-')[0] as string)
  try {
    install(folder)
    const { title, durability } = await describe(name)
    all.set(name, { title, durability, versions: versions(folder), rounds: [] })
  } catch (error) {
    console.log(`left out: ${name}: ${(error as Error).message.split('\n')[0]}`)
  }
}

for (let n = 1; n <= rounds; n++)
  for (const name of [...all.keys()]) {
    console.log(`round ${n} of ${rounds}: ${name}`)
    try {
      all.get(name)?.rounds.push(await measure(name))
    } catch (error) {
      all.delete(name)
      console.log(`left out: ${name}: ${(error as Error).message}`)
    }
  }

const peers = Object.fromEntries(
  [...all].map(([name, { rounds: found, ...facts }]) => [name, { ...facts, figures: medians(found) }]),
)
show(peers)
if (values.out !== undefined) {
  const result = { at: new Date().toISOString().slice(0, 10), machine, rounds, peers }
  writeFileSync(values.out, `${JSON.stringify(result, null, 2)}\n`)
}

function describe(name: string): Promise<PeerModule> {
  return import(join(here, name.split('-')[0] as string, `${name}.mjs`))
}

async function measure(name: string): Promise<Figures> {
  const figures = await inPlace(name, async (order) => {
    const child = launch({ ...order, work: 'measure' })
    const text = await output(child)
    return JSON.parse(text.trim().split('\n').at(-1) as string) as Figures
  })
  if (name === 'langgraph-memory') return figures
  return { ...figures, ...(await inPlace(name, (order) => crash(order, launch))) }
}

/** A fresh folder, fresh ports, and a fresh database where it needs one. */
async function inPlace<T>(name: string, work: (order: Order) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'spanwise-peers-'))
  chmodSync(dir, 0o755)
  let database: Database | undefined
  try {
    const ports = await freePorts(5)
    const { needs } = await describe(name)
    if (needs === 'postgres') {
      database = await postgres(dir, ports[4] as number)
      if (database === undefined) throw new Error('no Postgres server is installed (or name one: BENCH_POSTGRES)')
    }
    const side = join(dir, 'effects.log')
    writeFileSync(side, '')
    const order = { peer: name, dir, ports, postgres: database?.url, work: 'measure', side } as const
    return await work({ ...order, quick: values.quick, crowd: values.quick ? 20 : 200 })
  } finally {
    await database?.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

/** In a process group of its own: what it starts is killed with it. */
function launch(order: Order): ChildProcess {
  const args = ['--conditions=spanwise-source', '--disable-warning=ExperimentalWarning', join(here, 'drive.ts')]
  return spawn(process.execPath, [...args, JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
}

async function output(child: ChildProcess): Promise<string> {
  let text = ''
  child.stdout?.on('data', (data) => {
    text += data
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  if (!text.endsWith('}\n')) throw new Error(`its process ended with ${code}, and measured nothing`)
  return text
}

function medians(found: readonly Figures[]): Figures {
  const names = Object.keys(found[0] ?? {})
  return Object.fromEntries(
    names.map((name) => [
      name,
      round(
        quantile(
          found.map((one) => one[name] as number),
          0.5,
        ),
      ),
    ]),
  )
}

function show(peers: Record<string, { title: string; figures: Figures }>): void {
  const rows = Object.values(peers)
  const names = [...new Set(rows.flatMap(({ figures }) => Object.keys(figures)))]
  const width = Math.max(...rows.map(({ title }) => title.length)) + 2
  console.log(`\n${''.padEnd(32)}${rows.map(({ title }) => title.padStart(width)).join('')}`)
  for (const name of names)
    console.log(name.padEnd(32) + rows.map(({ figures }) => String(figures[name] ?? '–').padStart(width)).join(''))
}
