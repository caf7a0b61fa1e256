import { type ActListOptions, type ActOn, eraseAgain, type OperatorAct } from '../../app/index.ts'
import { openStore } from '../../journal/index.ts'
import { confirm } from '../confirm.ts'
import { findRun } from '../find.ts'
import { type Common, client, target } from '../open.ts'
import { listing } from '../output/blocks.ts'
import { shortId } from '../output/status.ts'
import type { Column } from '../output/table.ts'
import { ago } from '../output/time.ts'
import type { Terminal } from '../terminal.ts'
import { exitCode, usage } from '../usage.ts'
import { whoami } from '../whoami.ts'

interface ActCommand extends Common {
  readonly subject?: string
  readonly run?: string
  readonly reason?: string
  readonly by?: string
  readonly second?: string
  readonly yes?: boolean
}

const past = { erase: 'erased', hold: 'held', release: 'released' } as const

export async function act(terminal: Terminal, what: keyof typeof past, options: ActCommand): Promise<number> {
  const { subject, run, reason, second, by = whoami() } = options
  if ((subject === undefined) === (run === undefined))
    throw usage('It is not said what.', 'Name one: --subject <subject>, or --run <run>.')
  if (reason === undefined)
    throw usage('It is not said why.', 'Say it: --reason <text>. It becomes part of the record.')
  return client(options, async (app) => {
    const on: ActOn = subject === undefined ? { run: (await findRun(app, run as string)).id } : { subject }
    const name = subject === undefined ? `run ${(on as { run: string }).run}` : `the subject ${subject}`
    if (what === 'erase' && options.yes !== true) {
      if (!(await confirm(`Erase all content of ${name}? It cannot be brought back.`))) return exitCode.failed
    }
    const done = await app[what](on, { reason, by, ...(second === undefined ? {} : { second }) })
    if (terminal.json) terminal.data(done)
    else {
      terminal.out(`${name} is ${past[what]}, by ${by}`)
      if (what === 'erase')
        terminal.note('Backups from before hold it still: delete them, or let it be erased again when one is restored.')
    }
    return exitCode.ok
  })
}

const empty = {
  erased: 'nothing was erased',
  held: 'there is no legal hold',
  read: 'no reading was recorded: oversight: { access: true } in the config records it',
} as const

export async function listActs(
  terminal: Terminal,
  kind: keyof typeof empty,
  options: Common & { readonly after?: string; readonly limit?: number },
): Promise<number> {
  return client(options, async (app) => {
    const { after, limit } = options
    const query: ActListOptions = {
      ...(kind === 'held' ? { open: true } : { kind }),
      ...(after === undefined ? {} : { after }),
      ...(limit === undefined ? {} : { limit }),
    }
    const page = await app.acts(query)
    if (terminal.json) {
      terminal.data(page)
      return exitCode.ok
    }
    const columns: readonly Column<OperatorAct>[] = [
      { title: 'WHEN', cell: (one) => ago(one.at) },
      { title: 'WHAT', cell: (one) => (one.run === undefined ? `subject ${one.subject}` : `run ${shortId(one.run)}`) },
      { title: 'BY', cell: (one) => (one.second === undefined ? one.by : `${one.by}, ${one.second}`) },
      { title: 'WHY', cell: (one) => one.reason, flexible: true },
    ]
    listing(terminal, page, columns, empty[kind])
    return exitCode.ok
  })
}

/** After a restore: what was erased since the backup. The next worker does it where the key is not at hand. */
export async function eraseAgainIn(options: Common, path: string): Promise<number> {
  const { encryption } = await target(options)
  const store = await openStore(`sqlite:${path}`, { encryption })
  try {
    return await eraseAgain(store, Date.now())
  } finally {
    await store.close()
  }
}
