import { approval, each, workflow } from 'spanwise'
import { z } from 'zod'
import { type Classifier, probability } from './classifier.ts'
import { describe } from './corpus.ts'
import type { Decision } from './decision.ts'
import type { WrittenDigest } from './digest.ts'
import { trainingSet, vectorOf } from './model.ts'
import { Policy, type Route, route, ruleRoute } from './policy.ts'
import type { Prepared } from './prepare.ts'
import { embedMail } from './steps/embed-step.ts'
import { listMails, parseMail, routeMail, saveDigest, trainClassifier } from './steps/steps.ts'

export const MailroomInput = z.object({
  selection: z.string(),
  policy: Policy,
  /** the file to write */
  digest: z.string(),
})

export interface MailroomResult {
  readonly decisions: readonly Decision[]
  readonly trainedOn: number
  readonly digest: WrittenDigest
  readonly busy: { readonly parseMs: number; readonly embedMs: number; readonly trainMs: number }
}

export type Progress =
  | { readonly phase: 'read'; readonly done: number; readonly of: number }
  | { readonly phase: 'train'; readonly done: number; readonly of: number }
  | { readonly phase: 'decide'; readonly done: number; readonly of: number; readonly asking: number }

interface Read extends Prepared {
  readonly vector: Uint8Array
  readonly embedMs: number
}

export const mailroom = workflow(
  'mailroom',
  { input: MailroomInput },
  async ({ selection, policy, digest }, context): Promise<MailroomResult> => {
    const show = (progress: Progress) => context.progress(progress)

    const ids = await listMails(selection)
    let done = 0
    show({ phase: 'read', done, of: ids.length })
    // more than there are threads, so that the next mail is parsed and waiting when a thread becomes free
    const read = await each(ids, { key: (id) => id, concurrency: 16 }, async (id): Promise<Read> => {
      const mail = await parseMail(id)
      const { vector, busyMs } = await embedMail({ id, opening: mail.opening })
      show({ phase: 'read', done: ++done, of: ids.length })
      return { ...mail, vector, embedMs: busyMs }
    })

    const known = trainingSet(read)
    show({ phase: 'train', done: 0, of: known.ids.length })
    const { classifier, busyMs: trainMs } = await trainClassifier(known)

    const unseen = read.filter(({ id }) => describe(id).part === 'judged')
    let decided = 0
    let asking = 0
    const report = () => show({ phase: 'decide', done: decided, of: unseen.length, asking })
    // all at once: a mail that waits for a person must not keep the others waiting
    const decisions = await each(unseen, { key: ({ id }) => id, concurrency: unseen.length || 1 }, async (mail) => {
      const likely = spamProbability(classifier, mail)
      const choice = route(policy, likely)
      if (choice !== 'review') {
        const decision = await routeMail({ id: mail.id, probability: likely, route: choice, by: 'classifier' })
        decided++
        report()
        return decision
      }
      asking++
      report()
      const answer = await review(policy, mail, likely)
      const decision = await routeMail({ id: mail.id, probability: likely, ...answer })
      asking--
      decided++
      report()
      return decision
    })

    const written = await saveDigest({ file: digest, decisions })
    return {
      decisions,
      trainedOn: classifier.examples,
      digest: written,
      busy: { parseMs: sum(read, (mail) => mail.busyMs), embedMs: sum(read, (mail) => mail.embedMs), trainMs },
    }
  },
)

/** a person is asked first; only where the policy says so does the rule decide what nobody answered */
async function review(policy: Policy, mail: Read, likely: number): Promise<{ route: Route; by: 'person' | 'rule' }> {
  const { review } = policy
  const question = `Deliver to the inbox? "${mail.subject}" from ${mail.from} (spam: ${Math.round(likely * 100)} %)`
  const answer = await approval.ask(
    question,
    review.nobodyAnswers === 'wait' ? { role: review.role } : { role: review.role, timeout: review.after },
  )
  if (answer.status === 'approved') return { route: 'inbox', by: 'person' }
  if (answer.status === 'rejected') return { route: 'spam', by: 'person' }
  if (review.nobodyAnswers === 'wait') throw new Error('a question without a deadline expired')
  return { route: ruleRoute(review, likely), by: 'rule' }
}

/** pure: it needs no step, because replay computes the same from what is recorded */
function spamProbability(classifier: Classifier, mail: Read): number {
  return probability(classifier, vectorOf(mail.vector, mail.features))
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0)
}
