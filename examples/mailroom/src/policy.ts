/** where a mail ends up */
export type Route = 'inbox' | 'quarantine' | 'spam'

/** What may be done with a mail, as data: it is the run's input, so the journal shows under which policy it ran. */
export interface Policy {
  /** from this probability on a mail is not even kept */
  readonly spamFrom: number
  readonly quarantineFrom: number
  /** between this and `quarantineFrom` the classifier does not know, and a person is asked */
  readonly reviewFrom: number
  readonly review: WaitForPeople | RuleDecides
}

export interface WaitForPeople {
  readonly role: string
  readonly nobodyAnswers: 'wait'
}

export interface RuleDecides {
  readonly role: string
  readonly nobodyAnswers: 'rule decides'
  readonly after: `${number}s`
  readonly ruleQuarantinesFrom: number
}

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
