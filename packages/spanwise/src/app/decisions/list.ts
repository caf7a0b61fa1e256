import { type DecisionOutcome, type DecisionRow, type Entry, insideStep, type Page } from '../../journal/index.ts'
import { type Duration, milliseconds } from '../../workflow/index.ts'
import type { Backend } from '../backend.ts'

export interface DecisionOptions {
  /** decided from a date on, or within the last `7d` */
  readonly from?: Date | Duration
  readonly to?: Date
  readonly tenant?: string
  readonly workflow?: string
  /** id of a run */
  readonly run?: string
  /** whom it is about */
  readonly subject?: string
  /** alias, model as it was asked for, or as it answered */
  readonly model?: string
  /** `triage`, or one version: `triage@3` */
  readonly prompt?: string
  /** of itself: `done`, `failed`; of an approval that was asked for after it: `approved`, `rejected` */
  readonly outcome?: DecisionOutcome
  /** who decided an approval that was asked for after it */
  readonly approver?: string
  /** that cost so much at least, in US dollars */
  readonly cost?: number
  /** substring of what it was asked, given or answered; reads payloads, so give it with other filters on a large store */
  readonly text?: string
  /** cursor: `after` of the page before */
  readonly after?: string
  /** 50 */
  readonly limit?: number
}

/** One decision in a list: facts without content. */
export interface DecisionState {
  /** `run/index`: names it in `app.decision` */
  readonly id: string
  readonly run: string
  /** index of the entry that has its outcome */
  readonly index: number
  readonly workflow: string
  readonly tenant: string
  /** a step that asked a model or says that it decides, or a model that was asked in the body of the workflow */
  readonly kind: 'step' | 'model'
  /** of the operation: `classify#0`, `each#0[…]/score#0`, `model[…]#0` */
  readonly key: string
  /** the name that its step gives it */
  readonly label: string | undefined
  readonly at: Date
  readonly outcome: 'done' | 'failed'
  /** that answered, as they name themselves */
  readonly models: readonly string[]
  /** `triage@3` */
  readonly prompts: readonly string[]
  /** model calls that were answered */
  readonly answers: number
  /** nano-dollars */
  readonly cost: bigint
}

/** Latest first, in the order in which they were recorded. */
export async function listDecisions(
  backend: Backend,
  options: DecisionOptions,
  now: number,
): Promise<Page<DecisionState>> {
  const { from, to, text, cost, limit = 50, ...rest } = options
  await bringUpToDate(backend)
  const since = from === undefined || from instanceof Date ? from?.getTime() : now - milliseconds(from, 'from')
  const query = {
    ...rest,
    since,
    until: to?.getTime(),
    cost: cost === undefined ? undefined : Math.round(cost * 1e9),
  }
  const found: DecisionState[] = []
  let { after } = options
  do {
    // no more than are missing: the cursor cannot point into a page
    const page = await backend.decisions({ ...query, after, limit: limit - found.length })
    for (const row of page.items)
      if (text === undefined || (await mentions(backend, row, text))) found.push(decisionState(row))
    after = page.after
  } while (found.length < limit && after !== undefined)
  return { items: found, after }
}

/** The index follows the log: whoever asks it takes in what is new. */
export async function bringUpToDate(backend: Pick<Backend, 'indexDecisions'>): Promise<void> {
  while (!(await backend.indexDecisions())) {}
}

/** What of a row, or of a run's events, the facts are read from. */
interface Facts {
  readonly run: string
  readonly workflow: string
  readonly tenant: string
  readonly entry: Pick<Entry, 'index' | 'key' | 'kind' | 'meta'> & { readonly at: number | Date }
  readonly parts: readonly Pick<Entry, 'kind' | 'meta'>[]
}

export function decisionState({ run, workflow, tenant, entry, parts }: Facts): DecisionState {
  const answers = parts.filter(({ kind }) => kind === 'model.result')
  const names = answers.map(({ meta }) => String(meta['answered'] ?? meta['model'] ?? ''))
  const prompts = answers.flatMap(({ meta }) =>
    meta['prompt'] === undefined ? [] : [`${meta['prompt']}@${meta['promptVersion'] ?? ''}`],
  )
  const nano = (value: unknown): bigint => BigInt(typeof value === 'number' ? Math.round(value) : 0)
  const { decision } = entry.meta
  return {
    id: `${run}/${entry.index}`,
    run,
    index: entry.index,
    workflow,
    tenant,
    kind: entry.kind.startsWith('step.') ? 'step' : 'model',
    key: entry.key,
    label: typeof decision === 'string' ? decision : undefined,
    at: new Date(entry.at),
    outcome: entry.kind.endsWith('.error') ? 'failed' : 'done',
    models: [...new Set(names)],
    prompts: [...new Set(prompts)],
    answers: answers.length,
    cost: parts.reduce((sum, { meta }) => sum + nano(meta['cost']) + nano(meta['wasted']), 0n),
  }
}

async function mentions(backend: Backend, { run, entry, parts }: DecisionRow, text: string): Promise<boolean> {
  const wanted = text.toLowerCase()
  const indexes = new Set([entry, ...parts].map(({ index }) => index))
  for (const index of indexes) {
    const [found] = await backend.entries(run, index, 1)
    if (found?.payload?.toLowerCase().includes(wanted)) return true
  }
  return false
}

/** Of an entry about something inside a step, the step; else the operation itself. */
export function operationKey(key: string): string {
  const at = key.indexOf(insideStep)
  return at < 0 ? key : key.slice(0, at)
}
