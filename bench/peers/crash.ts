import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { round } from '../measure.ts'
import type { Order } from './drive.ts'

/**
 * W3: `kill -9` of everything when not quite half of the steps have taken effect, with all workflows in flight; then a restart.
 * Answers how many steps took effect twice, and how long it took to the first new effect and to the end.
 */
export async function crash(order: Order, launch: (order: Order) => ChildProcess): Promise<Record<string, number>> {
  const expected = order.crowd * 10
  const effects = () => readFileSync(order.side, 'utf8').split('\n').slice(0, -1)
  const first = launch({ ...order, work: 'crash' })
  await until(() => effects().length >= expected * 0.45, 120_000)
  kill(first)
  await sleep(300)
  const before = effects().length
  const start = performance.now()
  const second = launch({ ...order, work: 'recover' })
  let firstAfter = Number.NaN
  try {
    await until(() => {
      const now = effects()
      if (Number.isNaN(firstAfter) && now.length > before) firstAfter = performance.now() - start
      return new Set(now).size === expected
    }, 120_000)
  } finally {
    kill(second)
  }
  const took = performance.now() - start
  const all = effects()
  return {
    'W3 steps run twice': all.length - new Set(all).size,
    'W3 first progress s': round(firstAfter / 1_000),
    'W3 all done s': round(took / 1_000),
  }
}

function kill(child: ChildProcess): void {
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
    process.kill(-child.pid, 'SIGKILL')
}

async function until(holds: () => boolean, ms: number): Promise<void> {
  const end = performance.now() + ms
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not done after ${ms / 1_000} s`)
    await sleep(5)
  }
}
