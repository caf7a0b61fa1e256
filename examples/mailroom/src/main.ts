import { spanwise } from 'spanwise'
import { liveLine, progressText } from './live.ts'
import { parseOptions, usage } from './options.ts'
import { describePolicy } from './policy.ts'
import { report } from './report.ts'
import { mailroom, type Progress } from './workflows.ts'

const options = parseOptions(process.argv.slice(2))
if (options === 'help') {
  process.stdout.write(usage)
  process.exit(0)
}

const started = performance.now()
const line = liveLine(process.stderr)
line.show(`opening ${options.store}`)

await using app = await spanwise({ store: `sqlite:${options.store}`, workflows: [mailroom] })
const { selection, policy, digest } = options
const run = await app.start(mailroom, { selection, policy, digest }, { id: options.runId })

let first: number | undefined
let read = 0
let readingSeconds = 0
const watch = setInterval(async () => {
  const progress = (await run.progress()) as Progress | undefined
  if (progress?.phase === 'read') {
    first ??= progress.done
    read = progress.done - first
    readingSeconds = (performance.now() - started) / 1000
  }
  if (progress) line.show(progressText(progress, read > 0 ? read / readingSeconds : undefined))
}, 250)

try {
  const result = await run.result()
  line.end()
  const here = { mails: read, seconds: (performance.now() - started) / 1000 }
  const color = process.stdout.isTTY === true && !process.env.NO_COLOR
  process.stdout.write(report({ ...result, selection, policy: describePolicy(policy), here, color }))
  process.stdout.write(`\nLook at this run:  npm run studio -w examples/mailroom\n${placeOf(run.id)}\n`)
} finally {
  clearInterval(watch)
  line.end()
}

/** Where the studio shows it, once it is started. */
function placeOf(id: string): string {
  return `then open          http://127.0.0.1:4747/runs/${id}`
}
