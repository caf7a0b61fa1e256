import { z } from 'zod'

/** where a mail ends up */
export type Route = 'inbox' | 'quarantine' | 'spam'

const WaitForPeople = z.object({ role: z.string(), nobodyAnswers: z.literal('wait') })

const RuleDecides = z.object({
  role: z.string(),
  nobodyAnswers: z.literal('rule decides'),
  after: z.templateLiteral([z.number(), 's']),
  ruleQuarantinesFrom: z.number(),
})

/** What may be done with a mail, as data: it is the run's input, so the journal shows under which policy it ran. */
export const Policy = z.object({
  /** from this probability on a mail counts as spam without a second look */
  spamFrom: z.number(),
  quarantineFrom: z.number(),
  /** between this and `quarantineFrom` the classifier does not know, and a person is asked */
  reviewFrom: z.number(),
  review: z.discriminatedUnion('nobodyAnswers', [WaitForPeople, RuleDecides]),
})

export type Policy = z.infer<typeof Policy>
export type RuleDecides = z.infer<typeof RuleDecides>

const thresholds = { spamFrom: 0.95, quarantineFrom: 0.8, reviewFrom: 0.2 } as const

/** for a demonstration that ends by itself */
export const ruleAfterFiveSeconds: Policy = {
  ...thresholds,
  review: { role: 'postmaster', nobodyAnswers: 'rule decides', after: '5s', ruleQuarantinesFrom: 0.5 },
}

export const people: Policy = { ...thresholds, review: { role: 'postmaster', nobodyAnswers: 'wait' } }

export function route(policy: Policy, probability: number): Route | 'review' {
  if (probability >= policy.spamFrom) return 'spam'
  if (probability >= policy.quarantineFrom) return 'quarantine'
  return probability > policy.reviewFrom ? 'review' : 'inbox'
}

/** The explicit rule for a mail that nobody decided on. Silence alone never lets a mail through or throws it away. */
export function ruleRoute(rule: RuleDecides, probability: number): Route {
  return probability >= rule.ruleQuarantinesFrom ? 'quarantine' : 'inbox'
}

export function describePolicy({ review }: Policy): string {
  return review.nobodyAnswers === 'wait'
    ? `a ${review.role} decides on uncertain mails, however long it takes`
    : `a ${review.role} has ${review.after} for each uncertain mail, then the rule decides`
}
