import { stripVTControlCharacters } from 'node:util'
import type { App, ModelUse } from '../../app/index.ts'
import { dollars } from '../../baseline/index.ts'
import type { CandidateCheck, CheckOptions, Models } from '../../models/index.ts'
import type { CandidateState, Duration } from '../../workflow/index.ts'
import { type Common, client, hasStore, ownerOf, project } from '../open.ts'
import { advice, listing } from '../output/blocks.ts'
import { withProgress } from '../output/progress.ts'
import { shortId } from '../output/status.ts'
import type { Column } from '../output/table.ts'
import { plural, wrap } from '../output/text.ts'
import { ago, took, until } from '../output/time.ts'
import { jsonable } from '../output/value.ts'
import type { Terminal } from '../terminal.ts'
import { exitCode, usage } from '../usage.ts'

/** A candidate, and what it did. */
interface Line {
  readonly state: CandidateState
  readonly use: ModelUse | undefined
}

/** Aliases and candidates, what they did, and how they are doing where somebody works. */
export async function listModels(
  terminal: Terminal,
  options: Common & { readonly period?: string; readonly workflow?: string; readonly tenant?: string },
): Promise<number> {
  const config = await project(options)
  const models = gatewayOf(config.models)
  const working = ownerOf(config.store) !== undefined
  const { period = '7d', workflow, tenant } = options
  const asked = {
    period: period as Duration,
    ...(workflow === undefined ? {} : { workflow }),
    ...(tenant === undefined ? {} : { tenant }),
  }
  const [live, uses] = hasStore(config.store)
    ? await client(options, (app: App) => Promise.all([app.models(), app.modelUse(asked)]))
    : [undefined, []]
  const states = live ?? models.state()
  if (terminal.json) {
    terminal.data(jsonable({ live: live !== undefined, models: states, period, use: uses }))
    return exitCode.ok
  }
  const lines = states.map((state): Line => ({ state, use: uses.find((use) => isOf(use, state)) }))
  const columns: readonly Column<Line>[] = [
    { title: 'ALIAS', cell: ({ state }) => state.alias },
    { title: 'PROVIDER', cell: ({ state }) => state.provider, flexible: true, spare: true },
    { title: 'MODEL', cell: ({ state }) => state.model, flexible: true },
    ...(uses.length === 0 ? [] : useColumns),
    ...(live === undefined ? [] : [health(terminal)]),
  ]
  listing(terminal, { items: lines }, columns, 'the gateway has no models')
  for (const line of lines) for (const text of changes(line)) say(terminal, line.state, text)
  const gone = uses.filter((use) => !states.some((state) => isOf(use, state)))
  if (gone.length > 0) {
    const names = gone.map(({ alias, model, calls }) => `${alias} ${model} (${plural(calls, 'call')})`)
    advice(terminal, `not in the gateway any more, and asked in this time: ${names.join(', ')}`)
  }
  if (live === undefined)
    advice(
      terminal,
      working
        ? 'the worker was given no gateway: name it as models in the config'
        : 'nobody works on the store: how they are doing is not known; spanwise models check asks them',
    )
  return exitCode.ok
}

const useColumns: readonly Column<Line>[] = [
  { title: 'CALLS', cell: ({ use }) => (use === undefined ? '' : `${use.calls}`), align: 'right' },
  { title: 'SHARE', cell: ({ use }) => (use === undefined ? '' : `${Math.round(use.share * 100)} %`), align: 'right' },
  {
    title: 'FAILED',
    cell: ({ use }) => (use === undefined || use.failed === 0 ? '' : `${use.failed}`),
    align: 'right',
  },
  { title: 'P50', cell: ({ use }) => (use?.p50 === undefined ? '' : took(use.p50)), align: 'right' },
  { title: 'P95', cell: ({ use }) => (use?.p95 === undefined ? '' : took(use.p95)), align: 'right', spare: true },
  { title: 'COST', cell: costText, align: 'right' },
  { title: '$ IN / OUT', cell: ({ use }) => (use === undefined ? '' : priceText(use)), spare: true },
]

function costText({ use }: Line): string {
  return use === undefined ? '' : `${dollars(use.cost)}${use.unpriced > 0 ? '+?' : ''}`
}

function isOf(use: ModelUse, { alias, provider, model }: CandidateState): boolean {
  return use.alias === alias && use.provider === provider && use.model === model
}

/** Who answered under its name, where that was not always the same. */
function changes({ state: { before, answered }, use }: Line): readonly string[] {
  const others = use?.identities.slice(1) ?? []
  if (others.length > 0)
    return others.map(
      (one, at) =>
        `${one.answered} answered, first ${ago(one.firstSeen)} in run ${shortId(one.run)}; before it ${use?.identities[at]?.answered} did`,
    )
  if (before !== undefined)
    return [`${answered} answers, and until ${ago(new Date(before.until))} ${before.answered} did`]
  return []
}

function health(terminal: Terminal): Column<Line> {
  const rests = ({ from }: CandidateState): boolean => from > Date.now()
  return {
    title: 'STATE',
    cell: ({ state: one }) =>
      one.breaker === 'half open'
        ? 'is being tried'
        : rests(one)
          ? `${one.breaker === 'open' ? 'failing' : 'limited'}, asked ${until(new Date(one.from))}`
          : one.breaker === 'open'
            ? 'failing, tried next'
            : 'ok',
    paint: (cell, { state: one }) => terminal.paint(one.breaker === 'closed' && !rests(one) ? 'green' : 'yellow', cell),
  }
}

/** Asks every candidate once. */
export async function checkModels(
  terminal: Terminal,
  alias: string | undefined,
  options: Common & { readonly quick?: boolean },
): Promise<number> {
  const models = gatewayOf((await project(options)).models)
  const how: CheckOptions = { alias, quick: options.quick }
  const checks = await withProgress(terminal, 'asking models', () => models.check(how))
  const bad = checks.filter((one) => !one.ok || one.wrongModel)
  if (terminal.json) {
    terminal.data(jsonable({ models: checks, failed: bad.length }))
    return bad.length === 0 ? exitCode.ok : exitCode.failed
  }
  const columns: readonly Column<CandidateCheck>[] = [
    {
      title: '',
      cell: (one) => (bad.includes(one) ? '✖' : '✔'),
      paint: (cell, one) => terminal.paint(bad.includes(one) ? 'red' : 'green', cell),
    },
    { title: 'ALIAS', cell: (one) => one.alias },
    { title: 'MODEL', cell: (one) => one.model },
    { title: 'PROVIDER', cell: (one) => one.provider, flexible: true, spare: true },
    { title: 'TIME', cell: (one) => (one.ok ? `${one.ms} ms` : ''), align: 'right' },
    { title: '$ IN / OUT', cell: priceText },
    { title: 'CAN', cell: canText },
  ]
  listing(terminal, { items: checks }, columns, 'the gateway has no models')
  for (const one of checks) for (const line of remarks(one)) say(terminal, one, line)
  return bad.length === 0 ? exitCode.ok : exitCode.failed
}

/** USD for a million tokens */
function priceText({
  price,
}: {
  readonly price: { readonly input?: number | undefined; readonly output?: number | undefined } | undefined
}): string {
  if (price === undefined) return '?'
  const { input, output } = price
  return output === undefined ? `${input ?? 0}` : `${input ?? 0} / ${output}`
}

function canText({ can }: CandidateCheck): string {
  const seen = [can.stream && 'stream', can.tools && 'tools', can.structured && 'json']
  return seen.filter((one) => typeof one === 'string').join(' ')
}

function remarks(one: CandidateCheck): readonly string[] {
  const { ok, failure, error, wrongModel, answered, price, can } = one
  if (!ok) return [failure === 'auth' ? String(error) : `${failure}: ${error}`]
  const lost = (['stream', 'tools', 'structured'] as const).filter((what) => can[what] === false)
  return [
    ...(wrongModel ? [`${answered ?? 'a model without a name'} answers, which is not the one that is pinned`] : []),
    ...(price === undefined ? ['nobody knows its price: its calls count in no budget of money; see prices'] : []),
    ...(can.stream === true && can.usage === false
      ? ['its streams do not say what they used: set includeUsage for a compatible provider']
      : []),
    ...(lost.length > 0 ? [`not seen to work: ${lost.join(', ')}`] : []),
  ]
}

function say(
  terminal: Terminal,
  { alias, model }: { readonly alias: string; readonly model: string },
  text: string,
): void {
  const plain = stripVTControlCharacters(`${alias} ${model}: ${text}`)
  for (const [at, line] of wrap(plain, terminal.columns - 4).entries())
    terminal.note(`${at === 0 ? '  ' : '    '}${line}`)
}

function gatewayOf(models: object | undefined): Models {
  if (typeof (models as Models | undefined)?.check === 'function') return models as Models
  throw usage(
    models === undefined ? 'The config names no gateway.' : 'What the config names as models is no gateway.',
    'Export the gateway of spanwise/models in it: defineConfig({ …, models }).',
  )
}
