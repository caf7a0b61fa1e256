import type { CachedResult, InvalidateTarget } from '../../app/index.ts'
import { parseValue } from '../input.ts'
import { type Common, client } from '../open.ts'
import { listing } from '../output/blocks.ts'
import type { Column } from '../output/table.ts'
import { ago, until } from '../output/time.ts'
import { jsonable } from '../output/value.ts'
import type { Terminal } from '../terminal.ts'
import { exitCode, usage } from '../usage.ts'

interface Which extends Common {
  readonly step?: string
  readonly tag?: string
  readonly tenant?: string
}

export async function listCache(
  terminal: Terminal,
  { step, tag, tenant, limit, after, ...common }: Which & { readonly limit: number; readonly after?: string },
): Promise<number> {
  return client(common, async (app) => {
    const page = await app.cache.list({
      ...(step === undefined ? {} : { step }),
      ...(tag === undefined ? {} : { tag }),
      ...(tenant === undefined ? {} : { tenant }),
      ...(after === undefined ? {} : { after }),
      limit,
    })
    if (terminal.json) {
      terminal.data({ results: page.items.map(jsonable), after: page.after ?? null })
      return exitCode.ok
    }
    const columns: readonly Column<CachedResult>[] = [
      { title: 'STEP', cell: (one) => one.step, flexible: true },
      { title: 'FROM', cell: (one) => `${one.run.slice(0, 8)} entry ${one.index}` },
      { title: 'WORKFLOW', cell: (one) => one.workflow, flexible: true },
      { title: 'COMPUTED', cell: (one) => ago(one.computedAt) },
      { title: 'UNTIL', cell: (one) => until(one.expiresAt) },
      { title: 'TENANT', cell: (one) => (one.tenant === 'default' ? '' : one.tenant), spare: true },
    ]
    listing(terminal, page, columns, 'nothing may be reused: no step with a cache has given anything lately')
    return exitCode.ok
  })
}

export async function invalidateCache(
  terminal: Terminal,
  options: Which & { readonly key?: string; readonly all?: boolean; readonly dryRun?: boolean },
): Promise<number> {
  const target = readTarget(options)
  const dryRun = options.dryRun === true
  return client(options, async (app) => {
    const count = await app.cache.invalidate(target, { dryRun })
    const line = `${count === 1 ? '1 result' : `${count} results`} ${dryRun ? 'would be forgotten' : 'forgotten'}`
    if (terminal.json) terminal.data({ count, dryRun })
    else if (dryRun) terminal.note(line)
    else terminal.out(line)
    return exitCode.ok
  })
}

function readTarget({
  step,
  key,
  tag,
  tenant,
  all,
}: Which & { readonly key?: string; readonly all?: boolean }): InvalidateTarget {
  if (key !== undefined && step === undefined)
    throw usage('A key is one of a step, and no step is named.', 'Add --step, like --step fetch-rates --key EUR.')
  if (step === undefined && tag === undefined && all !== true)
    throw usage('It is not said what to forget.', 'Add --step, --tag or --all; --dry-run says first how many.')
  if (all === true && (step !== undefined || tag !== undefined))
    throw usage('--all is everything, and more is said.', 'Leave --all out, or the others.')
  return {
    ...(step === undefined ? {} : { step }),
    ...(key === undefined ? {} : { key: parseValue(key, 'The key') }),
    ...(tag === undefined ? {} : { tag }),
    ...(tenant === undefined ? {} : { tenant }),
    ...(all === true ? { all } : {}),
  } as InvalidateTarget
}
