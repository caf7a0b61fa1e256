import { type ChildProcess, fork } from 'node:child_process'
import type { Verdict } from './simulate.ts'

/** How one seed went, as the process that played it tells. */
export type Played = { readonly seed: number } & Omit<Verdict, 'story'>

/** The seeds of one process. */
export interface Share {
  readonly from: number
  readonly until: number
  readonly step: number
}

export interface Campaign {
  readonly from: number
  readonly seeds: number
  /** processes that play at the same time */
  readonly workers: number
  /** name of the bug that is planted in them */
  readonly mutant?: string | undefined
  /** how long one seed may take before it counts as hanging, ms; 60 000 */
  readonly patience?: number | undefined
  /** called as the verdicts come; `false` ends the campaign */
  readonly each: (played: Played) => boolean
}

const part = new URL('part.ts', import.meta.url)
const planter = new URL('mutate.ts', import.meta.url)

/** Plays seeds in processes of their own: each needs one that it can make repeatable, and does nothing else. */
export async function campaign({ from, seeds, workers, mutant, patience = 60_000, each }: Campaign): Promise<void> {
  const until = from + seeds
  const players: ChildProcess[] = []
  let over = false
  const stop = (): void => {
    over = true
    for (const player of players) player.kill('SIGKILL')
  }
  const play = (first: number): Promise<void> => {
    const share: Share = { from: first, until, step: workers }
    const player = fork(part, [JSON.stringify(share)], {
      execArgv: ['--conditions=spanwise-source', ...(mutant === undefined ? [] : ['--import', planter.href])],
      env: { ...process.env, SIMULATION_MUTANT: mutant ?? '' },
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    })
    players.push(player)
    let next = share.from
    let said = ''
    let timer: NodeJS.Timeout
    const watch = (): void => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        said = `the simulation hangs for ${patience} ms`
        player.kill('SIGKILL')
      }, patience)
    }
    watch()
    player.stderr?.on('data', (data) => {
      said += data
    })
    player.on('message', (played: Played) => {
      watch()
      next = played.seed + workers
      if (!over && !each(played)) stop()
    })
    return new Promise((resolve, reject) => {
      player.on('error', reject)
      player.on('close', () => {
        clearTimeout(timer)
        // a bug may take the process with it
        const wrong = [`its process ended: ${said.trim().slice(0, 2_000)}`]
        const nothing = { executions: 0, entries: 0, operations: 0, processes: 0 }
        if (over || next >= until) return resolve()
        if (!each({ seed: next, wrong, ...nothing })) stop()
        // who goes on after a seed that failed goes on after one that took its process with it
        else if (next + workers < until) return resolve(play(next + workers))
        resolve()
      })
    })
  }
  await Promise.all(Array.from({ length: Math.min(workers, seeds) }, (_, i) => play(from + i)))
}
