import { stripVTControlCharacters } from 'node:util'
import type { App } from '../../app/index.ts'
import type { CandidateCheck, CheckOptions, Models } from '../../models/index.ts'
import type { CandidateState } from '../../workflow/index.ts'
import { type Common, client, ownerOf, project } from '../open.ts'
import { advice, listing } from '../output/blocks.ts'
import { withProgress } from '../output/progress.ts'
import type { Column } from '../output/table.ts'
import { wrap } from '../output/text.ts'
import { ago, until } from '../output/time.ts'
import { jsonable } from '../output/value.ts'
import type { Terminal } from '../terminal.ts'
import { exitCode, usage } from '../usage.ts'

/** Aliases and candidates, and how these are doing where somebody works. */
export async function listModels(terminal: Terminal, options: Common): Promise<number> {
  const config = await project(options)
  const models = gatewayOf(config.models)
  const working = ownerOf(config.store) !== undefined
  const live = working ? await client(options, (app: App) => app.models()) : undefined
  const states = live ?? models.state()
  if (terminal.json) {
    terminal.data(jsonable({ live: live !== undefined, models: states }))
    return exitCode.ok
  }
  const columns: readonly Column<CandidateState>[] = [
    { title: 'ALIAS', cell: (one) => one.alias },
    { title: 'PROVIDER', cell: (one) => one.provider, flexible: true },
    { title: 'MODEL', cell: (one) => one.model, flexible: true },
    { title: 'ANSWERED', cell: ({ answered, model }) => (answered === model ? '' : (answered ?? '')), spare: true },
    ...(live === undefined ? [] : [health(terminal)]),
  ]
  listing(terminal, { items: states }, columns, 'the gateway has no models')
  for (const { alias, model, before, answered } of states)
    if (before !== undefined)
      terminal.note(
        `${alias} ${model}: ${answered} answers, and until ${ago(new Date(before.until))} ${before.answered} did`,
      )
  if (live === undefined)
    advice(
      terminal,
      working
        ? 'the worker was given no gateway: name it as models in the config'
        : 'nobody works on the store: how they are doing is not known; spanwise models check asks them',
    )
  return exitCode.ok
}

function health(terminal: Terminal): Column<CandidateState> {
  const rests = ({ from }: CandidateState): boolean => from > Date.now()
  return {
    title: 'STATE',
    cell: (one) =>
      one.breaker === 'half open'
        ? 'is being tried'
        : rests(one)
          ? `${one.breaker === 'open' ? 'failing' : 'limited'}, asked ${until(new Date(one.from))}`
          : one.breaker === 'open'
            ? 'failing, tried next'
            : 'ok',
    paint: (cell, one) => terminal.paint(one.breaker === 'closed' && !rests(one) ? 'green' : 'yellow', cell),
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
function priceText({ price }: CandidateCheck): string {
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

function say(terminal: Terminal, { alias, model }: CandidateCheck, text: string): void {
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
