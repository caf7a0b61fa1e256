import type { BudgetChange } from '../budgets.ts'
import type { ConfirmCall, Confirmed } from '../model-calls.ts'
import { changeBudgets } from './budgets.ts'
import type { Context } from './context.ts'
import { entriesOf } from './entries.ts'
import { recordAct } from './ledger.ts'

/** What was kept back for the call is given back but for what it did cost, in one commit with saying so. */
export function confirmCall(context: Context, call: ConfirmCall): Confirmed {
  const { run, index, cost, by, reason, at } = call
  const row = context.sql('SELECT seq, run FROM spanwise_runs WHERE run = ?').get(run)
  const found = row === undefined ? undefined : { seq: Number(row['seq']), run: String(row['run']) }
  const [entry] = found === undefined ? [] : entriesOf(context, found, index, 1)
  if (found === undefined || entry?.index !== index || entry.meta['unconfirmed'] !== true) return { state: 'unknown' }
  const { changes } = context
    .sql('INSERT OR IGNORE INTO spanwise_confirmed_calls (run_seq, idx, cost, at) VALUES (?, ?, ?, ?)')
    .run(found.seq, index, cost, at)
  if (Number(changes) === 0) return { state: 'again' }
  const budgets = heldBy(entry.meta['held']).map(
    ({ budget, window, amount, unit }): BudgetChange => ({
      budget,
      window,
      // a budget of tokens gets them back only where nothing was charged: how many it were is not known
      amount: unit === 'money' ? cost - amount : cost === 0n ? -amount : 0n,
    }),
  )
  changeBudgets(context, budgets)
  const act = { kind: 'confirmed', reason, by, at } as const
  recordAct(context, act, `run:${found.run}`, { index, cost })
  return { state: 'ok', budgets }
}

/** nano-dollars; undefined while nobody has said it */
export function confirmedCost(context: Context, runSeq: number, index: number): bigint | undefined {
  const row = context
    .sql('SELECT CAST(cost AS TEXT) AS cost FROM spanwise_confirmed_calls WHERE run_seq = ? AND idx = ?')
    .get(runSeq, index)
  return row === undefined ? undefined : BigInt(String(row['cost']))
}

/** As the announcement of a call says it: what was kept back of which budgets. */
function heldBy(
  text: unknown,
): readonly { readonly budget: string; readonly window: number; readonly amount: bigint; readonly unit: string }[] {
  if (typeof text !== 'string') return []
  const held = JSON.parse(text) as readonly (readonly [string, number, string, string])[]
  return held.map(([budget, window, amount, unit]) => ({ budget, window, amount: BigInt(amount), unit }))
}
