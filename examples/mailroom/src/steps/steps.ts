import { step } from 'spanwise'
import type { Classifier } from '../classifier.ts'
import { selection } from '../corpus.ts'
import { type Decision, rounded } from '../decision.ts'
import { type WrittenDigest, writeDigest } from '../digest.ts'
import { type TrainingSet, trainOn } from '../model.ts'
import { type Prepared, prepare } from '../prepare.ts'
import { stopwatch } from '../stopwatch.ts'
import { trace } from '../trace.ts'

/** recorded, so that a newer corpus cannot change what a run that has begun is about */
export const listMails = step('list-mails', (name: string): string[] => {
  trace('list-mails', name)
  return selection(name).mails.map(({ id }) => id)
})

export const parseMail = step('parse-mail', async (id: string): Promise<Prepared> => {
  trace('parse-mail', id)
  return prepare(id)
})

export const trainClassifier = step(
  'train-classifier',
  (set: TrainingSet): { classifier: Classifier; busyMs: number } => {
    trace('train-classifier', `${set.ids.length} mails`)
    const busy = stopwatch()
    return { classifier: trainOn(set), busyMs: busy() }
  },
)

/** the one record of what became of a mail; a real mailroom would move the mail here */
export const routeMail = step('route-mail', (decision: Decision): Decision => {
  trace('route-mail', decision.id)
  return { ...decision, probability: rounded(decision.probability) }
})

export const saveDigest = step(
  'save-digest',
  async ({ file, decisions }: { file: string; decisions: readonly Decision[] }): Promise<WrittenDigest> => {
    trace('save-digest', file)
    return writeDigest(file, decisions)
  },
)
