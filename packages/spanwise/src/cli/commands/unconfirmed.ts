import type { App, UnconfirmedCall } from '../../app/index.ts'
import { dollars } from '../../baseline/index.ts'
import { findRun } from '../find.ts'
import { type Common, client } from '../open.ts'
import { listing } from '../output/blocks.ts'
import { shortId } from '../output/status.ts'
import { plural } from '../output/text.ts'
import { ago } from '../output/time.ts'
import { jsonable } from '../output/value.ts'
import type { Terminal } from '../terminal.ts'
import { exitCode, usage } from '../usage.ts'
import { whoami } from '../whoami.ts'

/** Calls that were lost with their process, and of which nobody has said what they did cost. */
export async function listUnconfirmed(terminal: Terminal, options: Common): Promise<number> {
  return client(options, async (app) => {
    const items = await app.unconfirmed()
    if (terminal.json) {
      terminal.data(jsonable({ calls: items }))
      return exitCode.ok
    }
    listing(
      terminal,
      { items },
      [
        { title: 'RUN', cell: (one) => shortId(one.run) },
        { title: 'ENTRY', cell: (one) => String(one.index), align: 'right' },
        { title: 'WHEN', cell: (one) => ago(one.at) },
        { title: 'WORKFLOW', cell: (one) => one.workflow, flexible: true, spare: true },
        { title: 'MODEL', cell: (one) => one.model, flexible: true },
        { title: 'AT MOST', cell: ({ atMost }) => (atMost === undefined ? '?' : dollars(atMost)), align: 'right' },
      ],
      'no calls are unconfirmed',
    )
    return exitCode.ok
  })
}

export interface ConfirmOptions extends Common {
  readonly entry?: number
  readonly cost?: string
  readonly as?: string
  readonly reason?: string
}

/** Says what lost calls of a run did cost; with `void`, that they were not charged. */
export async function confirmCalls(
  terminal: Terminal,
  isVoid: boolean,
  text: string,
  options: ConfirmOptions,
): Promise<number> {
  const cost = isVoid ? 0n : nanoDollars(options.cost)
  return client(options, async (app) => {
    const run = await findRun(app, text)
    const open = await app.unconfirmed({ run: run.id })
    const meant = options.entry === undefined ? open : open.filter(({ index }) => index === options.entry)
    if (meant.length === 0)
      throw usage(
        options.entry === undefined
          ? `No call of run ${run.id} is unconfirmed.`
          : `Entry ${options.entry} of run ${run.id} is no unconfirmed call.`,
        'spanwise costs unconfirmed lists them.',
      )
    if (!isVoid && meant.length > 1)
      throw usage(`${meant.length} calls of run ${run.id} are unconfirmed.`, 'Say which one with --entry.')
    const how = saying(options)
    for (const call of meant) await app.confirmCall(call, cost, how)
    return told(terminal, meant.length, isVoid ? 'not charged' : `charged ${dollars(cost)}`, how.by)
  })
}

/** Who says it, as the other acts of operators have it. */
export function saying({ as, reason }: Pick<ConfirmOptions, 'as' | 'reason'>): {
  readonly by: string
  readonly reason?: string
} {
  return { by: as ?? whoami(), ...(reason === undefined ? {} : { reason }) }
}

/** What was said of lost calls, by whom, newest first. */
export async function listConfirmed(
  terminal: Terminal,
  options: Common & { readonly after?: string; readonly limit?: number },
): Promise<number> {
  return client(options, async (app) => {
    const { after, limit } = options
    const page = await app.acts({
      kind: 'confirmed',
      ...(after === undefined ? {} : { after }),
      ...(limit === undefined ? {} : { limit }),
    })
    if (terminal.json) {
      terminal.data(jsonable(page))
      return exitCode.ok
    }
    listing(
      terminal,
      page,
      [
        { title: 'WHEN', cell: (one) => ago(one.at) },
        { title: 'RUN', cell: (one) => shortId(one.run ?? '') },
        { title: 'ENTRY', cell: (one) => String(one.call?.index ?? ''), align: 'right' },
        { title: 'COST', cell: ({ call }) => (call?.cost === 0n ? 'none' : dollars(call?.cost ?? 0n)), align: 'right' },
        { title: 'BY', cell: (one) => one.by },
        { title: 'WHY', cell: (one) => one.reason, flexible: true },
      ],
      'nobody has said of a lost call what it did cost',
    )
    return exitCode.ok
  })
}

function told(terminal: Terminal, count: number, what: string, by: string): number {
  if (terminal.json) terminal.data({ confirmed: count })
  else terminal.out(`${plural(count, 'call')}: ${what}, says ${by}`)
  return exitCode.ok
}

/** Whole nano-dollars, read from the digits: a tenth of a cent has no exact number. */
function nanoDollars(text: string | undefined): bigint {
  const [, whole = '', part = ''] = /^\$?(\d{1,7})(?:\.(\d{1,9}))?$/.exec(text ?? '') ?? []
  if (whole === '')
    throw usage(
      text === undefined ? 'What did it cost?' : `--cost ${text} is no amount of dollars.`,
      'Give it like --cost 0.0123, at most nine digits behind the point. Not charged at all: spanwise costs void.',
    )
  return BigInt(whole) * 1_000_000_000n + BigInt(part.padEnd(9, '0'))
}

/** One model on one day: what the invoice has more than the journal, in nano-dollars, or in tokens where it has no money. */
export interface Missing {
  readonly day: string
  readonly model: string
  readonly money: bigint | undefined
  readonly tokens: number | undefined
}

/**
 * Lost calls against what an invoice has more than the journal knows, day by day and model by model: nothing more, so none of them was
 * charged; more, and no more than they may have cost together, so that is what they did cost, shared by what each may have cost at most.
 * The rest stays as it is: an invoice of tokens does not say what a single call did cost.
 */
export async function settleUnconfirmed(
  app: App,
  missing: readonly Missing[],
  isSame: (call: UnconfirmedCall, line: Missing) => boolean,
  how: { readonly by: string; readonly reason?: string },
): Promise<{ readonly voided: number; readonly confirmed: number; readonly left: number }> {
  const open = await app.unconfirmed()
  let voided = 0
  let confirmed = 0
  let left = 0
  for (const line of missing) {
    const calls = open.filter((call) => isSame(call, line))
    const most = calls.reduce((sum, { atMost }) => sum + (atMost ?? 0n), 0n)
    const more = line.money ?? (line.tokens === 0 ? 0n : undefined)
    if (more === undefined || more > most) {
      left += calls.length
      continue
    }
    let rest = more
    for (const [at, call] of calls.entries()) {
      const share = at === calls.length - 1 ? rest : most === 0n ? 0n : (more * (call.atMost ?? 0n)) / most
      rest -= share
      if (!(await app.confirmCall(call, share, how))) continue
      if (share === 0n) voided++
      else confirmed++
    }
  }
  return { voided, confirmed, left }
}
