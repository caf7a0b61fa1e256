import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { StepContext } from 'spanwise'

/** What a step did to the world: one line, one write, so that it is there or not, whenever the process dies. */
export interface Effect {
  readonly pid: number
  readonly run: string
  /** which call of a step in the run: names it where the step's own code cannot know its key */
  readonly label: string
  readonly step: string
  readonly attempt: number
  readonly idempotencyKey: string
  /** of this execution; the recorded result carries it too, so it is known which execution was recorded */
  readonly nonce: string
}

/** Input of every step of the workload. */
export interface Job {
  readonly label: string
  readonly ms?: number
  /** what goes wrong in the first attempt */
  readonly trouble?: 'before' | 'after'
}

/** Result of every step of the workload. */
export interface Done {
  readonly nonce: string
}

const folder = process.env['KILL_FOLDER'] ?? '.'
const deadly = Number(process.env['KILL_AFTER_EFFECTS'] ?? 0)
let count = 0

export function effect(step: string, label: string, context: StepContext): Done {
  const nonce = crypto.randomUUID().slice(0, 13)
  const { attempt, idempotencyKey, run } = context
  const line: Effect = { pid: process.pid, run: run.id, label, step, attempt, idempotencyKey, nonce }
  count++
  if (count === deadly && deadly % 2 === 0) die()
  appendFileSync(join(folder, 'effects'), `${JSON.stringify(line)}\n`)
  if (count === deadly) die()
  return { nonce }
}

function die(): void {
  process.kill(process.pid, 'SIGKILL')
}

/** The other side of a reconcile step: it knows idempotency keys, and does whatever it is told, twice if it is told twice. */
export const ledger = {
  write(key: string, nonce: string): void {
    appendFileSync(join(folder, 'ledger', key), `${nonce}\n`)
  },
  read(key: string): string | undefined {
    const file = join(folder, 'ledger', key)
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n')[0] : undefined
  },
}

/** Somebody mends the world while runs that need attention are parked. */
export function isMended(): boolean {
  return existsSync(join(folder, 'mended'))
}
