import { type BudgetChange, decode } from '../journal/index.ts'
import {
  approval,
  type ModelAnswer,
  type ModelCall,
  type ModelHome,
  type ModelRequest,
  modelPlace,
} from '../workflow/index.ts'
import type { Asked } from './asked.ts'
import { perform, type Sending } from './call.ts'
import { standaloneHome } from './standalone.ts'

/**
 * Makes a call where it belongs: as an operation of the run around it, as part of the step around it, or as a call of its own.
 * @param live where parts of a stream may be handed on before all of it is on record
 */
export async function placed(
  owner: object,
  sending: Sending,
  asked: Asked,
  live?: { readonly watch: () => AbortSignal },
): Promise<ModelAnswer> {
  const place = modelPlace(owner)
  const isWhole = place.kind === 'run' || (place.kind === 'step' && place.whole)
  const stop = isWhole ? undefined : live?.watch()
  const wanted = stop === undefined ? sending : { ...sending, signal: both(sending.signal, stop) }
  const request = (of: Sending): ModelRequest => ({
    alias: of.alias.name,
    hash: of.approved ? `${asked.hash} approved` : asked.hash,
    text: asked.text,
    perform: (call) => perform(of, call),
  })
  if (place.kind === 'outside') return outside(request(wanted), place.home)
  if (place.kind === 'step') return place.call(request(wanted))
  try {
    return await place.call(request(wanted))
  } catch (error) {
    const { asks, askRole } = (error ?? {}) as { asks?: unknown; askRole?: unknown }
    if (typeof asks !== 'string') throw error
    const question = `A call of model "${sending.alias.name}" goes over budget "${asks}". Make it all the same?`
    await approval(question, typeof askRole === 'string' ? { role: askRole } : {})
    return place.call(request({ ...wanted, approved: true }))
  }
}

function both(one: AbortSignal | undefined, other: AbortSignal): AbortSignal {
  return one === undefined ? other : AbortSignal.any([one, other])
}

/** In no run: limits and budgets are those of the app, where one is open. Nothing is recorded. */
async function outside(request: ModelRequest, app: ModelHome | undefined): Promise<ModelAnswer> {
  const home = app ?? standaloneHome(request.alias)
  const call: ModelCall = {
    home,
    run: undefined,
    generation: 1,
    signal: new AbortController().signal,
    key: '',
    since: home.clock.now(),
    show: () => {},
    hold: (changes) => use(home, changes),
  }
  const outcome = await request.perform(call)
  const { budgets = [] } = outcome
  await use(home, budgets)
  outcome.release?.()
  if (outcome.state !== 'answered') throw outcome.error
  return { value: decode(outcome.payload), meta: outcome.meta }
}

async function use({ store }: ModelHome, changes: readonly BudgetChange[]): Promise<void> {
  if (store !== undefined && changes.length > 0) await store.use(changes)
}
