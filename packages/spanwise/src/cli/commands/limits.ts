import { formatDuration } from '../../workflow/index.ts'
import { type Common, client } from '../open.ts'
import { listing } from '../output/blocks.ts'
import type { Column } from '../output/table.ts'
import { ago, until } from '../output/time.ts'
import type { Terminal } from '../terminal.ts'
import { exitCode } from '../usage.ts'

export async function listLimits(terminal: Terminal, options: Common): Promise<number> {
  return client(options, async (app) => {
    const limits = await app.limits()
    if (terminal.json) {
      terminal.data({ limits })
      return exitCode.ok
    }
    const columns: readonly Column<(typeof limits)[number]>[] = [
      { title: 'LIMIT', cell: (one) => one.key, flexible: true },
      { title: 'HELD', cell: (one) => (one.limit === undefined ? '' : `${one.held}/${one.limit}`) },
      {
        title: 'RATE',
        cell: ({ rate, drawn }) => (rate === undefined ? '' : `${drawn}/${rate.limit} per ${formatDuration(rate.per)}`),
      },
      { title: 'WAITING', cell: (one) => (one.waiting === 0 ? '' : String(one.waiting)) },
      { title: 'SINCE', cell: (one) => (one.since === undefined ? '' : ago(new Date(one.since))), spare: true },
      { title: 'NEXT', cell: (one) => (one.next === undefined ? '' : until(new Date(one.next))) },
    ]
    const empty = 'nothing is limited now: no step has asked, or nobody works on the store'
    listing(terminal, { items: limits }, columns, empty)
    return exitCode.ok
  })
}
