import type { BudgetUse } from '../../app/index.ts'
import { dollars } from '../../baseline/index.ts'
import { type Common, client } from '../open.ts'
import { advice, listing } from '../output/blocks.ts'
import type { Column } from '../output/table.ts'
import { until } from '../output/time.ts'
import { jsonable } from '../output/value.ts'
import type { Terminal } from '../terminal.ts'
import { exitCode } from '../usage.ts'

/** A budget, or one of those that used the most of a budget that counts each by itself. */
interface Line {
  readonly budget: BudgetUse
  readonly of?: string
  readonly used: bigint | undefined
}

const width = 12

/** How much of the gateway's budgets is used. */
export async function listBudgets(terminal: Terminal, options: Common): Promise<number> {
  return client(options, async (app) => {
    const budgets = await app.budgets()
    if (terminal.json) {
      terminal.data(jsonable({ live: budgets !== undefined, budgets: budgets ?? [] }))
      return exitCode.ok
    }
    if (budgets === undefined) {
      advice(terminal, 'nobody works on the store, or the worker was given no gateway: name it as models in the config')
      return exitCode.ok
    }
    const lines = budgets.flatMap((budget): Line[] => [
      { budget, used: budget.used },
      ...budget.most.map(({ of, used }) => ({ budget, of, used })),
    ])
    const columns: readonly Column<Line>[] = [
      { title: 'BUDGET', cell: ({ budget, of }) => (of === undefined ? budget.name : `└ ${of}`), flexible: true },
      { title: 'USED', cell: usedText, align: 'right' },
      { title: '', cell: picture, paint: (cell, line) => terminal.paint(color(line), cell) },
      { title: 'THEN', cell: ({ budget, of }) => (of === undefined ? budget.onExceed : ''), spare: true },
      { title: 'ANEW', cell: anew },
    ]
    listing(terminal, { items: lines }, columns, 'the gateway has no budgets')
    return exitCode.ok
  })
}

function usedText({ budget, used }: Line): string {
  if (used === undefined) return budget.most.length === 0 ? 'nothing' : ''
  return budget.unit === 'money' ? dollars(used) : `${used} tokens`
}

function shareOf({ budget, used }: Line): number | undefined {
  if (used === undefined) return undefined
  return budget.limit === 0n ? 1 : Number(used) / Number(budget.limit)
}

function picture(line: Line): string {
  const share = shareOf(line)
  if (share === undefined) return ''
  const full = Math.min(width, Math.ceil(share * width))
  return `${'█'.repeat(full)}${'░'.repeat(width - full)} ${percent(share).padStart(5)}`
}

/** One that is not used up is never shown as such. */
function percent(share: number): string {
  const whole = Math.floor(share * 100)
  return whole === 0 && share > 0 ? '<1 %' : `${whole} %`
}

function color(line: Line): 'green' | 'yellow' | 'red' {
  const share = shareOf(line) ?? 0
  return share >= 1 ? 'red' : share >= 0.8 ? 'yellow' : 'green'
}

function anew({ budget: { window }, of }: Line): string {
  return window === undefined || of !== undefined ? '' : until(new Date(window.next))
}
