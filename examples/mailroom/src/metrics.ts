import { describe } from './corpus.ts'
import type { Decision } from './decision.ts'

export interface Metrics {
  readonly judged: number
  readonly accuracy: number
  /** of the mails kept from the inbox, how many were spam */
  readonly precision: number
  /** of the spam, how much was kept from the inbox */
  readonly recall: number
  readonly f1: number
  readonly table: ConfusionTable
  readonly by: Readonly<Record<Decision['by'], { readonly mails: number; readonly right: number }>>
  readonly routes: Readonly<Record<Decision['route'], number>>
}

export interface ConfusionTable {
  readonly caughtSpam: number
  readonly missedSpam: number
  readonly deliveredHam: number
  readonly lostHam: number
}

/** Against the corpus' own labels. A decision on a mail that was trained on would flatter, so it is an error. */
export function measure(decisions: readonly Decision[]): Metrics {
  const table = { caughtSpam: 0, missedSpam: 0, deliveredHam: 0, lostHam: 0 }
  const by = { classifier: tally(), person: tally(), rule: tally() }
  const routes = { inbox: 0, quarantine: 0, spam: 0 }
  for (const decision of decisions) {
    const { spam, part } = describe(decision.id)
    if (part !== 'judged') throw new RangeError(`${decision.id} was trained on and cannot be judged`)
    const kept = decision.route !== 'inbox'
    table[spam ? (kept ? 'caughtSpam' : 'missedSpam') : kept ? 'lostHam' : 'deliveredHam']++
    by[decision.by].mails++
    if (kept === spam) by[decision.by].right++
    routes[decision.route]++
  }
  const { caughtSpam, missedSpam, deliveredHam, lostHam } = table
  return {
    judged: decisions.length,
    accuracy: ratio(caughtSpam + deliveredHam, decisions.length),
    precision: ratio(caughtSpam, caughtSpam + lostHam),
    recall: ratio(caughtSpam, caughtSpam + missedSpam),
    f1: ratio(2 * caughtSpam, 2 * caughtSpam + lostHam + missedSpam),
    table,
    by,
    routes,
  }
}

function tally(): { mails: number; right: number } {
  return { mails: 0, right: 0 }
}

/** nothing out of nothing is no success and no failure */
function ratio(part: number, of: number): number {
  return of === 0 ? Number.NaN : part / of
}
