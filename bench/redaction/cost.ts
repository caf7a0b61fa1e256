import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type App, type Redaction, spanwise, step, workflow } from 'spanwise'
import { personalData } from 'spanwise/redact'
import { machine } from '../machine.ts'
import { atOnce, quantile, round } from '../measure.ts'

/** What redaction costs a step, as CPU time, which a busy machine does not change: ten steps with texts of a size, by turns. */
const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } })
const rules: Readonly<Record<string, Redaction | false | undefined>> = {
  'nothing is looked for': false,
  'secrets, the default': undefined,
  'personalData()': { find: personalData() },
  'personalData(), names too': {
    find: personalData({ kinds: ['email', 'phone', 'card', 'iban', 'ip', 'ssn', 'name'] }),
  },
}
const sentence = 'Dear team, the lamp that came on Tuesday is broken, and nobody answers when we call. '

const folder = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'spanwise-bench-'))
process.stdout.write(`redaction · Node ${machine.node} · ${machine.cores} cores · ${machine.cpu}\n\n`)
try {
  for (const size of [100, 1_000, 10_000]) {
    const text = sentence.repeat(size / sentence.length + 1).slice(0, size)
    const read = step('read', async (n: number) => `${n} ${text}`)
    const flow = workflow('flow', async (n: number) => {
      for (let i = 0; i < 10; i++) await read(n)
    })
    const apps = new Map<string, { readonly app: App; readonly cpu: number[] }>()
    for (const [name, redact] of Object.entries(rules)) {
      // it takes minutes, and says nothing new
      if (size > 1_000 && name.includes('names')) continue
      const store = `sqlite:${join(folder, `${size}-${apps.size}.db`)}`
      const app = await spanwise({
        store,
        workflows: [flow],
        audit: false,
        ...(redact === undefined ? {} : { redact }),
      })
      apps.set(name, { app, cpu: [] })
    }
    const total = values.quick ? 50 : 200
    for (let round = -1; round < (values.quick ? 3 : 7); round++) {
      for (const { app, cpu } of apps.values()) {
        const before = process.cpuUsage()
        await atOnce(total, 50, (n) => app.run(flow, n))
        const { user, system } = process.cpuUsage(before)
        if (round >= 0) cpu.push((user + system) / (total * 10))
      }
    }
    const off = quantile(apps.get('nothing is looked for')?.cpu ?? [], 0.5)
    for (const [name, { app, cpu }] of apps) {
      const µs = quantile(cpu, 0.5)
      const line = `${String(size).padStart(6)} characters  ${name.padEnd(26)} ${String(round(µs, 0)).padStart(7)} µs CPU a step`
      process.stdout.write(`${line}  + ${round(µs - off, 0)}\n`)
      await app.close()
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
