// The same job without Spanwise: what the pipeline costs by itself, and what the report says. Nothing survives a crash.
import { Worker } from 'node:worker_threads'
import { probability } from './classifier.ts'
import { describe, selection } from './corpus.ts'
import { type Decision, rounded } from './decision.ts'
import { writeDigest } from './digest.ts'
import type { Embedded } from './embed.ts'
import { liveLine, progressText } from './live.ts'
import { trainingSet, trainOn, vectorOf } from './model.ts'
import { parseOptions, usage } from './options.ts'
import { route, ruleAfterFiveSeconds, ruleRoute } from './policy.ts'
import { type Prepared, prepare } from './prepare.ts'
import { report } from './report.ts'
import { stopwatch } from './stopwatch.ts'

const options = parseOptions(process.argv.slice(2))
if (options === 'help') {
  process.stdout.write(usage)
  process.exit(0)
}
const started = performance.now()
const line = liveLine(process.stderr)
const ids = selection(options.selection).mails.map(({ id }) => id)

type Read = Prepared & { readonly vector: Uint8Array; readonly embedMs: number }
const read = new Map<string, Read>()
let next = 0

async function drain(worker: Worker): Promise<void> {
  for (let id = ids[next++]; id !== undefined; id = ids[next++]) {
    const mail = await prepare(id)
    const { vector, busyMs } = await ask(worker, mail.opening)
    read.set(id, { ...mail, vector, embedMs: busyMs })
    line.show(progressText({ phase: 'read', done: read.size, of: ids.length }, rate()))
  }
  await worker.terminate()
}

function ask(worker: Worker, opening: string): Promise<Embedded> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject)
    worker.once('message', (embedded: Embedded) => {
      worker.off('error', reject)
      resolve(embedded)
    })
    worker.postMessage(opening)
  })
}

function rate(): number {
  return read.size / ((performance.now() - started) / 1000)
}

await Promise.all([1, 2].map(() => drain(new Worker(new URL('./plain-worker.ts', import.meta.url)))))

const mails = ids.map((id) => read.get(id) as Read)
const busy = stopwatch()
const classifier = trainOn(trainingSet(mails))
const trainMs = busy()
const policy = ruleAfterFiveSeconds
const decisions = mails
  .filter(({ id }) => describe(id).part === 'judged')
  .map(({ id, vector, features }): Decision => {
    const likely = probability(classifier, vectorOf(vector, features))
    const choice = route(policy, likely)
    if (choice !== 'review') return { id, probability: rounded(likely), route: choice, by: 'classifier' }
    if (policy.review.nobodyAnswers === 'wait') throw new Error('there is nobody to ask here')
    return { id, probability: rounded(likely), route: ruleRoute(policy.review, likely), by: 'rule' }
  })
const digest = await writeDigest(options.digest, decisions)
line.end()
process.stdout.write(
  report({
    decisions,
    trainedOn: classifier.examples,
    digest,
    busy: {
      parseMs: mails.reduce((total, mail) => total + mail.busyMs, 0),
      embedMs: mails.reduce((total, mail) => total + mail.embedMs, 0),
      trainMs,
    },
    selection: options.selection,
    policy: 'nobody is asked in this script; the rule decides at once',
    here: { mails: mails.length, seconds: (performance.now() - started) / 1000 },
    color: process.stdout.isTTY === true,
  }),
)
