import type { Failure } from '../../app/index.ts'
import { SpanwiseError } from '../../journal/index.ts'
import { type Common, client } from '../open.ts'
import { advice, facts, heading, listing } from '../output/blocks.ts'
import { errorLines } from '../output/error.ts'
import { statusColor } from '../output/status.ts'
import type { Column } from '../output/table.ts'
import { ago } from '../output/time.ts'
import { jsonable } from '../output/value.ts'
import { indented, type Terminal } from '../terminal.ts'
import { exitCode } from '../usage.ts'

export interface ListFailuresOptions extends Common {
  readonly workflow?: string
  readonly all?: boolean
  readonly limit: number
  readonly after?: string
}

/** What failed, in how many runs. */
export async function listFailures(terminal: Terminal, options: ListFailuresOptions): Promise<number> {
  const { workflow, all, limit, after } = options
  return client(options, async (app) => {
    const page = await app.failures({
      limit,
      open: all !== true,
      ...(workflow === undefined ? {} : { workflow }),
      ...(after === undefined ? {} : { after }),
    })
    if (terminal.json) {
      terminal.data({ failures: page.items.map(json), after: page.after ?? null })
      return exitCode.ok
    }
    const columns: readonly Column<Failure>[] = [
      { title: 'FAILURE', cell: ({ fingerprint }) => fingerprint },
      { title: 'WORKFLOW', cell: (failure) => failure.workflow, flexible: true },
      { title: 'OPEN', cell: ({ needsAttention }) => String(needsAttention), align: 'right' },
      ...(all === true
        ? [{ title: 'ENDED', cell: ({ failed }: Failure) => String(failed), align: 'right' } as const]
        : []),
      { title: 'LAST', cell: ({ lastSeen }) => ago(lastSeen), spare: true },
      { title: 'ERROR', cell: text, flexible: true },
    ]
    listing(
      terminal,
      page,
      columns,
      all === true ? 'no failures' : 'no run needs attention (--all counts ended ones too)',
    )
    return exitCode.ok
  })
}

/** One failure: where, how often, an example, and what can be done about all of it. */
export async function showFailure(terminal: Terminal, fingerprint: string, options: Common): Promise<number> {
  return client(options, async (app) => {
    const [failure] = (await app.failures({ fingerprint, limit: 1 })).items
    if (failure === undefined) {
      throw new SpanwiseError({
        code: 'FAILURE_UNKNOWN',
        message: `No run has failed as ${fingerprint}.`,
        hint: 'spanwise failures lists what failed. A failure whose runs were all mended is gone.',
      })
    }
    const { items } = await app.list({ fingerprint, limit: 10 })
    if (terminal.json) {
      terminal.data({
        ...json(failure),
        runs: items.map(({ id, status, updatedAt }) => ({ run: id, status, changed: jsonable(updatedAt) })),
      })
      return exitCode.ok
    }
    const { needsAttention, failed, firstSeen, lastSeen, example } = failure
    heading(terminal, failure.workflow, fingerprint)
    facts(terminal, [
      ['open', `${needsAttention} need attention`],
      ['ended', String(failed)],
      ['first', `${firstSeen.toISOString()} (${ago(firstSeen)})`],
      ['last', `${lastSeen.toISOString()} (${ago(lastSeen)})`],
      ['example', example.run],
    ])
    terminal.out('')
    for (const line of errorLines(indented(terminal, 2), example.error)) terminal.out(`  ${line}`)
    terminal.out('')
    for (const { id, status, updatedAt } of items)
      terminal.out(`  ${id}  ${terminal.paint(statusColor[status], status)}  ${ago(updatedAt)}`)
    if (needsAttention + failed > items.length)
      terminal.note(`  … spanwise runs --fingerprint ${fingerprint} lists them all`)
    if (needsAttention > 0) {
      terminal.note('')
      advice(terminal, 'all of them, first without doing it:')
      for (const verb of ['resume', 'cancel', 'give-up'])
        terminal.note(`  spanwise ${verb} --fingerprint ${fingerprint} --dry-run`)
    }
    return exitCode.ok
  })
}

function text({ example: { error }, code }: Failure): string {
  return Error.isError(error) ? (error as Error).message : String(error ?? code ?? '')
}

function json(failure: Failure): Record<string, unknown> {
  return jsonable(failure) as Record<string, unknown>
}
