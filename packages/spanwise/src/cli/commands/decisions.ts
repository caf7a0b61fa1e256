import type { App, DecisionOptions, DecisionState, InfluencedDecision, LineageOptions } from '../../app/index.ts'
import { dollars } from '../../baseline/index.ts'
import type { Duration } from '../../workflow/index.ts'
import { findRun } from '../find.ts'
import { type Common, client } from '../open.ts'
import { facts, heading, listing } from '../output/blocks.ts'
import { showRecord } from '../output/decision.ts'
import { operation } from '../output/describe.ts'
import { shortId } from '../output/status.ts'
import { type Column, table } from '../output/table.ts'
import { ago } from '../output/time.ts'
import { jsonable } from '../output/value.ts'
import type { Terminal } from '../terminal.ts'
import { exitCode, usage } from '../usage.ts'

type Filters = Common & {
  readonly from?: string
  readonly to?: string
  readonly tenant?: string
  readonly workflow?: string
  readonly run?: string
  readonly subject?: string
  readonly model?: string
  readonly prompt?: string
  readonly outcome?: string
  readonly approver?: string
  readonly document?: string
  readonly cost?: string
  readonly text?: string
  readonly after?: string
  readonly limit?: number
}

export async function listDecisions(terminal: Terminal, options: Filters): Promise<number> {
  return client(options, async (app) => {
    const page = await app.decisions(await filters(app, options))
    if (terminal.json) terminal.data(jsonable(page))
    else listing(terminal, page, columns, 'No decisions. Model calls in a run are, and steps with decision: true.')
    return exitCode.ok
  })
}

export async function showDecision(terminal: Terminal, text: string, options: Common): Promise<number> {
  return client(options, async (app) => {
    const record = await app.decision(await decisionId(app, text))
    if (terminal.json) terminal.data(jsonable(record))
    else showRecord(terminal, record)
    return exitCode.ok
  })
}

/** Both ways: what had a part in a decision; which decisions something had a part in. */
export async function showLineage(terminal: Terminal, text: string | undefined, options: Filters): Promise<number> {
  const given = (['document', 'prompt', 'model', 'approver'] as const).filter((name) => options[name] !== undefined)
  if ((text === undefined ? 0 : 1) + given.length !== 1)
    throw usage(
      'Lineage starts from one thing.',
      'Name a decision, or one of --document, --prompt, --model and --approver.',
    )
  return client(options, async (app) => {
    if (text !== undefined) return sources(terminal, app, await decisionId(app, text))
    const { from, to, tenant, workflow, after, limit } = await filters(app, options)
    const name = given[0] as 'document'
    const of = defined({ [name]: options[name], from, to, tenant, workflow, after, limit }) as unknown as LineageOptions
    const page = await app.lineage(of)
    if (terminal.json) terminal.data(jsonable(page))
    else listing(terminal, page, influenced, `No decision on record had ${name} ${options[name]} behind it.`)
    return exitCode.ok
  })
}

async function sources(terminal: Terminal, app: App, id: string): Promise<number> {
  const lineage = await app.lineage(id)
  if (terminal.json) {
    terminal.data(jsonable(lineage))
    return exitCode.ok
  }
  const { decision } = lineage
  heading(terminal, decision.label ?? operation(decision.key), decision.id)
  facts(terminal, [
    ['at', decision.at.toISOString()],
    ['workflow', decision.workflow],
  ])
  terminal.out('')
  const lines = table(terminal, lineage.sources, [
    { title: 'ENTRY', cell: ({ index }) => String(index), align: 'right' },
    { title: 'WHAT', cell: ({ kind }) => kind },
    { title: 'NAME', cell: ({ kind, name }) => (kind === 'step' ? operation(name) : name), flexible: true },
    { title: 'HOW', cell: ({ direct }) => (direct ? 'in it' : 'before it') },
  ])
  for (const line of lines) terminal.out(line)
  return exitCode.ok
}

const columns: readonly Column<DecisionState>[] = [
  { title: 'DECISION', cell: ({ run, index }) => `${shortId(run)}/${index}` },
  { title: 'WORKFLOW', cell: ({ workflow }) => workflow, flexible: true },
  { title: 'WHAT', cell: ({ label, key }) => label ?? operation(key), flexible: true },
  {
    title: 'OUTCOME',
    cell: ({ outcome }) => outcome,
  },
  { title: 'MODEL', cell: ({ models }) => models.join(', '), flexible: true },
  { title: 'PROMPT', cell: ({ prompts }) => prompts.join(', '), flexible: true, spare: true },
  { title: 'COST', cell: ({ answers, cost }) => (answers === 0 ? '' : dollars(cost)), align: 'right', spare: true },
  { title: 'WHEN', cell: ({ at }) => ago(at) },
]

const influenced: readonly Column<InfluencedDecision>[] = [
  ...columns.filter(({ title }) => title !== 'PROMPT' && title !== 'COST' && title !== 'OUTCOME'),
  { title: 'HOW', cell: ({ direct, via }) => (direct ? 'in it' : `entry ${via.index} before it`) },
] as readonly Column<InfluencedDecision>[]

async function filters(app: App, given: Filters): Promise<DecisionOptions> {
  const { from, to, run, outcome, cost } = given
  if (outcome !== undefined && !['done', 'failed', 'approved', 'rejected'].includes(outcome))
    throw usage(`There is no outcome ${outcome}.`, 'One of done, failed, approved, rejected.')
  const amount = cost === undefined ? undefined : Number(cost.replace(/^\$/, ''))
  if (amount !== undefined && !(amount >= 0)) throw usage(`--cost ${cost} is no amount.`, 'Dollars, like 0.05.')
  const { tenant, workflow, subject, model, prompt, approver, text, after, limit } = given
  return defined({
    from: from === undefined ? undefined : /^\d{4}-/.test(from) ? date(from, '--from') : (from as Duration),
    to: to === undefined ? undefined : date(to, '--to'),
    run: run === undefined ? undefined : (await findRun(app, run)).id,
    cost: amount,
    outcome,
    tenant,
    workflow,
    subject,
    model,
    prompt,
    approver,
    text,
    after,
    limit,
  }) as DecisionOptions
}

function defined(all: object): object {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

function date(text: string, name: string): Date {
  const at = new Date(text)
  if (Number.isNaN(at.getTime()))
    throw usage(`${name} ${text} is no date.`, 'Dates are written 2026-11-01; --from takes a duration like 7d too.')
  return at
}

/** `run/index`, where the run is written as everywhere. */
async function decisionId(app: App, text: string): Promise<string> {
  const at = text.lastIndexOf('/')
  const index = text.slice(at + 1)
  if (at < 1 || !/^\d+$/.test(index))
    throw usage(`${text} names no decision.`, 'Name it as run/entry, as the list has it: spanwise audit decisions.')
  return `${(await findRun(app, text.slice(0, at))).id}/${index}`
}
