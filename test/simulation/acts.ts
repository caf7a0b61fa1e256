import type { App, Run } from '../../packages/spanwise/src/app/index.ts'
import { decode, type Entry, encode, type NewMail } from '../../packages/spanwise/src/journal/index.ts'
import { ask, codeOf } from './clients.ts'
import { signals } from './interpret.ts'
import type { Letter } from './player.ts'
import type { Act, Burst, RunPlan, Timetable } from './schedule.ts'
import { approvalOf, type Done, type Job } from './steps.ts'
import type { World } from './world.ts'

const input = (plan: RunPlan, generation = 0) => ({ program: plan.program, generation })

/** A client starts a run, and insists. */
export async function start(world: World, plan: RunPlan): Promise<void> {
  const { name, delay, deadline, priority } = plan
  const options = {
    id: name,
    priority,
    ...(delay === undefined ? {} : { delay }),
    ...(deadline === undefined ? {} : { deadline }),
  }
  const main = world.processes[0]?.main as NonNullable<(typeof world.processes)[0]>['main']
  const run = await ask(world, (app) => app.start(main, input(plan), options))
  const before = world.accepted.get(name)
  if (before !== undefined && before !== run?.id) world.wrong.push(`${name} is two runs: ${before} and ${run?.id}`)
  world.accepted.set(name, (run as Run<unknown>).id)
  world.tell(() => `${name} is accepted as ${run?.id.slice(0, 6)}`)
}

/** One start of many that become one run; a client that was not answered says the same again. */
export async function startInBurst(world: World, { name, program, period, timeout }: Burst, i: number): Promise<void> {
  const mark = `${name}.${i}`
  const main = world.processes[0]?.main as NonNullable<(typeof world.processes)[0]>['main']
  const debounce = { key: name, period, ...(timeout === undefined ? {} : { timeout }) }
  const begin = (app: App) => app.start(main, { program, generation: 0, mark }, { debounce, sendId: mark })
  const run = (await ask(world, begin)) as Run<unknown>
  world.marks.set(mark, run.id)
  world.tell(() => `${mark} became part of ${run.id.slice(0, 6)}`)
}

/** Somebody has runs started by the clock, and insists: saying it again changes nothing. */
export async function schedule(world: World, table: Timetable): Promise<void> {
  const { name, program, lasts, every, overlap, catchUp } = table
  const main = world.processes[0]?.main as NonNullable<(typeof world.processes)[0]>['main']
  // both ends, so that a clock that is set back does not make it thousands
  const from = new Date(world.timeline.wall)
  const until = new Date(from.getTime() + lasts)
  world.timetables.set(name, { from: from.getTime(), until: until.getTime() })
  const options = { id: name, every, from, until, overlap, catchUp }
  await ask(world, (app) => app.schedule(main, { program, generation: 0 }, options))
}

/** Starting it with another input must be refused. */
export async function startOther(world: World, plan: RunPlan): Promise<void> {
  if (!world.accepted.has(plan.name)) return
  const main = world.processes[0]?.main as NonNullable<(typeof world.processes)[0]>['main']
  try {
    await ask(world, (app) => app.start(main, input(plan, 99), { id: plan.name }))
    world.wrong.push(`${plan.name} was started with two inputs`)
  } catch (error) {
    if (codeOf(error) !== 'ID_CONFLICT') throw error
  }
}

/** What the engine may answer to people who do not look before they act. */
const refusals = new Set(['RUN_ENDED', 'NOT_PARKED', 'NOTHING_TO_EDIT', 'RESUME_DISCARDS', 'APPROVAL_CLOSED'])

export async function perform(world: World, act: Act, serial: string): Promise<void> {
  const plan = world.schedule.runs[act.run]
  if (plan === undefined) return
  const main = world.processes[0]?.main as NonNullable<(typeof world.processes)[0]>['main']
  try {
    const run = await ask(world, (app) => app.get(main, plan.name), false)
    if (run === undefined) return
    world.tell(() => `people: ${act.act} for ${plan.name}`)
    switch (act.act) {
      case 'signal':
        return await tell(world, run.id, { signal: act.signal, serial }, act.repeat)
      case 'cancel':
        return await onRun(world, run.id, (one) => one.cancel('somebody said so'))
      case 'give up':
        return await onRun(world, run.id, (one) => one.giveUp('somebody said so'))
      case 'resume': {
        world.mended.add(run.id)
        world.blind.add(run.id)
        const edit = editOf(act.edit)
        return await onRun(world, run.id, (one) => one.resume(edit === undefined ? {} : { edit }))
      }
      case 'decide':
        return await decide(world, run.id, act.approve)
      case 'fork':
        return await fork(world, run.id, act.where, serial)
      case 'invalidate':
        return await invalidate(world)
      case 'report':
        return await report(world, run.id)
    }
  } catch (error) {
    if (!refusals.has(codeOf(error) ?? '')) throw error
    world.tell(() => `people: refused, ${codeOf(error)}`)
  }
}

function editOf(edit: 'none' | 'input' | 'result') {
  if (edit === 'none') return undefined
  if (edit === 'result') return { result: { site: 'edited', item: undefined, nonce: -1 } satisfies Done }
  return { input: { site: 'edited', item: undefined, fail: 0, after: false } satisfies Job }
}

function onRun(world: World, id: string, call: (run: Run<unknown>) => Promise<void>): Promise<void | undefined> {
  return ask(world, async (app) => call((await app.get(id)) as Run<unknown>), false)
}

/** With an id of its own a letter may be sent again and again. */
export async function tell(world: World, id: string, letter: Letter, repeat: boolean): Promise<void> {
  const send = async (app: App): Promise<boolean> => {
    const run = (await app.get(id)) as Run<unknown>
    await run.signal(signals[letter.signal], letter, repeat ? { sendId: letter.serial } : undefined)
    return true
  }
  await ask(world, send, repeat)
  if (repeat) await ask(world, send)
}

export async function decide(world: World, run: string, approve: boolean): Promise<void> {
  await ask(
    world,
    async (app) => {
      const { items } = await app.approvals({ run })
      // whoever looks into the inbox takes what they like
      const one = items.length > 1 ? world.roll.pick(items) : items[0]
      const job = (one?.of as { readonly args?: Job } | undefined)?.args
      if (job !== undefined && approve) world.approved.add(approvalOf(run, job))
      if (one !== undefined) await app.decide(one.id, { approve, by: 'ann' })
    },
    false,
  )
}

/** Goes on from some point of a run in another one, and insists: asking again makes no second one. */
async function fork(world: World, source: string, where: number, serial: string): Promise<void> {
  world.forking++
  try {
    const { length } = await world.store.entries(source)
    const from = Math.min(length, Math.floor(where * (length + 1)))
    const once = () =>
      ask(world, async (app) => {
        const run = (await app.get(source)) as Run<unknown>
        return run.fork({ from, allow: ['*'], sendId: serial })
      })
    const made = (await once()) as Run<unknown>
    world.accepted.set(`fork ${serial}`, made.id)
    world.tell(() => `people: ${source.slice(0, 6)} is forked from ${from} as ${made.id.slice(0, 6)}`)
    const again = await once()
    if (again?.id !== made.id) world.wrong.push(`a fork asked for twice is ${made.id} and ${again?.id}`)
  } finally {
    world.forking--
  }
}

async function invalidate(world: World): Promise<void> {
  let asked = 0
  const done = await ask(
    world,
    (app) => {
      asked = world.timeline.now
      return app.cache.invalidate({ tag: 'found' })
    },
    false,
  )
  if (done !== undefined) world.invalidated.push({ asked })
}

/** The other side of a step tells what became of it, twice, perhaps after its process died. */
async function report(world: World, run: string): Promise<void> {
  const entries = await world.store.entries(run)
  for (const intent of entries.filter(({ kind }) => kind === 'step.intent')) {
    const key = world.ledger.calls.findLast(
      (call) =>
        call.run === run &&
        call.effects > 0 &&
        intent.key.endsWith(`${call.step}#${occurrence(intent)}`) &&
        siteOf(intent) === call.site,
    )
    if (key === undefined) continue
    const [text] = (intent.payload as string).split('\n') as [string]
    const job = decode(text) as Job
    const done: Done = { site: key.site, item: job.item, nonce: key.nonce }
    const mail: NewMail = {
      run,
      kind: 'step',
      name: intent.key,
      payload: encode({
        claim: intent.meta['claim'],
        kind: 'step.result',
        payload: `${text}\n${encode(done)}`,
        attempt: intent.attempt,
      }),
      at: world.timeline.wall,
    }
    for (let i = 0; i < 2; i++) await world.store.send(mail)
    world.process?.worker?.wake()
    world.tell(() => `people: ${intent.key} is reported as done`)
  }
}

function occurrence({ key }: Entry): string {
  return key.slice(key.lastIndexOf('#') + 1)
}

function siteOf({ payload }: Entry): string {
  return (decode((payload as string).split('\n')[0] as string) as Job).site
}
