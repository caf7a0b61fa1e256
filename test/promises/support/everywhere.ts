import type { App, Startable } from '../../../packages/spanwise/src/index.ts'
import type { Store } from '../../../packages/spanwise/src/journal/index.ts'
import type { Verdict } from './wire.ts'
import { checkHistory, type World, world, worldOnDisk } from './world.ts'

export interface Scenario<T> {
  readonly workflows: readonly Startable<never, unknown>[]
  /** what the outside does; said again to the next app after a crash, so it must say the same */
  drive(app: App): Promise<T>
  /** judges the outcome and the world */
  check(outcome: T, store: Store, crashes: number): void | Promise<void>
}

/**
 * Plays a scenario once for every write that it makes, dying there: before the write is done, and after it is done but before it is
 * answered. Then a new app opens the store and the scenario must come to the same end.
 * @returns how many places it died in
 */
export async function dieEverywhere<T>(
  make: () => Scenario<T>,
  options: { readonly linger: number; readonly disk?: boolean; readonly stride?: number },
): Promise<number> {
  let places = 0
  for (const how of ['lose', 'swallow'] as const) {
    for (let nth = 0; ; nth += options.stride ?? 1) {
      const died = await playOnce(make(), options, how, nth)
      if (!died) break
      places++
    }
  }
  return places
}

async function playOnce<T>(
  scenario: Scenario<T>,
  { linger, disk = false }: { readonly linger: number; readonly disk?: boolean },
  how: Verdict,
  nth: number,
): Promise<boolean> {
  const around: World = disk ? await worldOnDisk({ linger }) : world({ linger })
  const first = await around.open(scenario.workflows, {})
  const base = first.wire.writes
  let dies = false
  first.wire.onWrite = (_, count) => {
    if (count - base !== nth) return 'pass'
    dies = true
    return how
  }
  const place = `${how} at write ${nth}, linger ${linger}`
  try {
    const ended = await Promise.race([
      scenario.drive(first.app).then((value) => ({ value })),
      first.wire.whenCut.then(() => undefined),
    ])
    const outcome = ended ?? { value: await within(scenario.drive((await around.open(scenario.workflows)).app)) }
    await scenario.check(outcome.value, around.store, ended === undefined ? 1 : 0)
    for (const row of (await around.store.list({ limit: 1_000 })).items)
      checkHistory(await around.store.entries(row.run))
  } catch (error) {
    throw new Error(`${place}: ${String(error)}\n${await dump(around.store)}`, { cause: error })
  } finally {
    if (!first.wire.isCut) await first.app.close()
  }
  return dies
}

async function within<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('it does not come to an end')), 5_000)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

export async function dump(store: Store): Promise<string> {
  const lines: string[] = []
  for (const row of (await store.list({ limit: 20 })).items) {
    lines.push(`${row.run} ${row.workflow} ${row.status} owner=${row.owner} wakeAt=${row.wakeAt} code=${row.code}`)
    for (const { index, after, kind, key, attempt, meta, payload } of await store.entries(row.run))
      lines.push(
        `  ${index} after ${after} ${kind} ${key} #${attempt} ${JSON.stringify(meta)} ${payload?.slice(0, 100)}`,
      )
    for (const mail of await store.mail(row.run)) lines.push(`  mail ${JSON.stringify(mail)}`)
  }
  return lines.join('\n')
}
