import { done } from '../done.ts'
import { findApproval } from '../find.ts'
import { parseJson } from '../input.ts'
import { type Common, client } from '../open.ts'
import { advice } from '../output/blocks.ts'
import { table } from '../output/table.ts'
import { wrap } from '../output/text.ts'
import { ago, until } from '../output/time.ts'
import { jsonable } from '../output/value.ts'
import type { Terminal } from '../terminal.ts'
import { exitCode } from '../usage.ts'
import { whoami } from '../whoami.ts'

export async function listApprovals(
  terminal: Terminal,
  options: Common & { readonly role?: string; readonly limit: number; readonly after?: string },
): Promise<number> {
  const { role, limit, after } = options
  return client(options, async (app) => {
    const page = await app.approvals({
      ...(role === undefined ? {} : { role }),
      ...(after === undefined ? {} : { after }),
      limit,
    })
    if (terminal.json) {
      terminal.data({ approvals: page.items.map(jsonable), after: page.after ?? null })
      return exitCode.ok
    }
    if (page.items.length === 0) {
      advice(terminal, 'nothing is asked')
      return exitCode.ok
    }
    const [title, ...rows] = table(terminal, page.items, [
      { title: 'APPROVAL', cell: (one) => one.id },
      { title: 'WORKFLOW', cell: (one) => one.workflow, flexible: true },
      { title: 'ASKED', cell: (one) => ago(one.askedAt) },
      { title: 'ROLE', cell: (one) => one.role ?? '' },
      { title: 'UNTIL', cell: (one) => (one.expiresAt === undefined ? '' : until(one.expiresAt)) },
    ])
    terminal.out(title ?? '')
    for (const [i, { question, hasForm }] of page.items.entries()) {
      terminal.out(rows[i] ?? '')
      // whole: it is what the answer depends on
      for (const line of wrap(`${question}${hasForm ? ' (--form)' : ''}`, terminal.columns - 2))
        terminal.out(`  ${line}`)
    }
    advice(terminal, 'answer: spanwise approve <approval>, or spanwise reject <approval> --reason …')
    if (page.after !== undefined) advice(terminal, `more: --after '${page.after}'`)
    return exitCode.ok
  })
}

export async function decide(
  terminal: Terminal,
  approve: boolean,
  text: string,
  options: Common & { readonly by?: string; readonly form?: string; readonly reason?: string },
): Promise<number> {
  const form = options.form === undefined ? undefined : parseJson(options.form, 'The form')
  return client(options, async (app, store) => {
    const id = await findApproval(app, text)
    const by = options.by ?? whoami()
    await app.decide(id, {
      approve,
      by,
      ...(form === undefined ? {} : { form }),
      ...(options.reason === undefined ? {} : { reason: options.reason }),
    })
    done(terminal, store, `${approve ? 'approved' : 'rejected'} by ${by}`, { approval: id, approve, by })
    return exitCode.ok
  })
}

export async function delegate(
  terminal: Terminal,
  text: string,
  options: Common & { readonly to: string; readonly by?: string; readonly reason?: string },
): Promise<number> {
  return client(options, async (app, store) => {
    const id = await findApproval(app, text)
    const by = options.by ?? whoami()
    const why = options.reason === undefined ? {} : { reason: options.reason }
    await app.decide(id, { delegateTo: options.to, by, ...why })
    done(terminal, store, `passed on to ${options.to} by ${by}`, { approval: id, delegateTo: options.to, by })
    return exitCode.ok
  })
}
