import { createRequire } from 'node:module'
import { relative, resolve } from 'node:path'
import type { ProcessLine } from './line.ts'
import { observeCalls } from './recorder/call.ts'
import { family } from './recorder/family.ts'
import { observeFetch } from './recorder/fetch.ts'
import { guard } from './recorder/guard.ts'
import { observeHttp } from './recorder/http.ts'
import { folderKey, openLog } from './recorder/log.ts'
import { providers } from './recorder/providers.ts'
import { callSite } from './recorder/site.ts'

// `node --import spanwise/baseline app.js`: records what a program asks of models, and changes nothing of it. What stands here
// is loaded into somebody else's process: it imports nothing but Node's own modules.

const once = Symbol.for('spanwise.baseline')

function start(): void {
  const { env } = process
  const cwd = process.cwd()
  const folder = resolve(env['SPANWISE_BASELINE_DIR'] ?? '.spanwise/baseline')
  const watch = guard()
  const { run, root } = family(env, folder, import.meta.url)
  const script = process.argv[1] === undefined ? 'node' : relative(cwd, process.argv[1]) || process.argv[1]
  const label = env['SPANWISE_BASELINE_LABEL']
  const first: ProcessLine = {
    t: 'process',
    v: 1,
    run,
    pid: process.pid,
    at: Date.now(),
    script,
    ...(label ? { label } : {}),
  }
  const log = openLog(folder, first, watch)
  const calls = observeCalls({
    write: log.write,
    provider: providers(env['SPANWISE_BASELINE_HOSTS']),
    key: () => folderKey(folder),
    keepText: env['SPANWISE_BASELINE_TEXT'] === 'keep',
    guard: watch,
  })
  const site = (): string | undefined => callSite(cwd)
  observeFetch(calls, site, watch)
  observeHttp(calls, site, watch)

  const report = root && env['SPANWISE_BASELINE_REPORT'] !== 'off'
  process.on(
    'exit',
    watch(() => {
      calls.settle()
      if (log.lines.length > 1) log.flush()
      if (report) showAtExit({ folder, run, lines: log.lines, problem: log.problem ?? watch.problem() })
    }),
  )
}

/** Prices and tables are loaded when they are needed, which is when the program is through. */
function showAtExit(end: import('./at-exit.ts').End): void {
  const file = import.meta.url.endsWith('.ts') ? './at-exit.ts' : './at-exit.js'
  const { atExit } = createRequire(import.meta.url)(file) as typeof import('./at-exit.ts')
  atExit(end)
}

if (!(once in globalThis)) {
  Object.defineProperty(globalThis, once, { value: true })
  try {
    start()
  } catch (error) {
    // whatever it is, the program it was loaded into runs on without it
    process.stderr.write(`spanwise baseline: nothing is recorded: ${(error as Error).message}\n`)
  }
}
