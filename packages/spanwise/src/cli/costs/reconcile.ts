import type { CostRow } from '../../app/index.ts'
import type { InvoiceLine } from './invoice.ts'

/** One model on one day, as the provider says and as the journal says. Undefined: that side says nothing of it. */
export interface Reconciled {
  readonly day: string
  readonly model: string
  readonly invoice: Side
  readonly journal: Side
  /** of tokens, or of money where the invoice has no tokens: the difference in parts of the invoice */
  readonly off: number
}

export interface Side {
  readonly input: number | undefined
  readonly output: number | undefined
  readonly cost: bigint | undefined
}

/**
 * Sets both beside each other by day and model. Snapshots count to their model: `gpt-5-mini-2025-08-07` is `gpt-5-mini`. The rows of
 * the journal are by day, provider, model and answered, and of the invoice's provider only.
 */
export function reconcile(invoice: readonly InvoiceLine[], journal: readonly CostRow[]): Reconciled[] {
  const provider = invoice[0]?.provider
  const theirs = Map.groupBy(invoice, ({ day, model }) => `${day}\n${plainModel(model)}`)
  const ours = Map.groupBy(
    journal.filter(({ key }) => key.provider === provider || key.provider?.startsWith(`${provider}.`)),
    ({ key }) => `${key.day}\n${plainModel(key.answered ?? key.model ?? '')}`,
  )
  const hasTokens = invoice.some(({ input }) => input !== undefined)
  const hasMoney = invoice.some(({ cost }) => cost !== undefined)
  const names = [...new Set([...theirs.keys(), ...ours.keys()])].sort()
  return names.map((name): Reconciled => {
    const [day = '', model = ''] = name.split('\n')
    const said = theirs.get(name) ?? []
    const kept = ours.get(name) ?? []
    const inv: Side = {
      input: hasTokens ? total(said, ({ input }) => input ?? 0) : undefined,
      output: hasTokens ? total(said, ({ output }) => output ?? 0) : undefined,
      cost: hasMoney ? said.reduce((sum, { cost }) => sum + (cost ?? 0n), 0n) : undefined,
    }
    const own: Side = {
      input: total(kept, ({ inputTokens }) => inputTokens),
      output: total(kept, ({ outputTokens }) => outputTokens),
      cost: kept.reduce((sum, { cost }) => sum + cost, 0n),
    }
    return { day, model, invoice: inv, journal: own, off: difference(inv, own) }
  })
}

function difference(invoice: Side, journal: Side): number {
  if (invoice.input !== undefined) {
    return apart((invoice.input ?? 0) + (invoice.output ?? 0), (journal.input ?? 0) + (journal.output ?? 0))
  }
  return apart(Number(invoice.cost ?? 0n), Number(journal.cost ?? 0n))
}

function apart(theirs: number, ours: number): number {
  if (theirs === ours) return 0
  return theirs === 0 ? Number.POSITIVE_INFINITY : (ours - theirs) / theirs
}

function total<T>(rows: readonly T[], of: (row: T) => number): number {
  return rows.reduce((sum, row) => sum + of(row), 0)
}

/** Without the date of its snapshot. */
export function plainModel(model: string): string {
  return model.replace(/-(\d{4}-\d{2}-\d{2}|20\d{6})$/, '')
}
