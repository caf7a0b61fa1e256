import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

/** A process of its own, whose output is kept. */
export interface Spawned {
  readonly pid: number
  /** resolves when a line begins with this text; rejects when the process ends before */
  said(text: string): Promise<string>
  kill(): void
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
  readonly output: () => string
}

export interface SpawnOptions {
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** ms; it is killed after that, and `ended` says so */
  readonly limit?: number
}

const living = new Set<ChildProcess>()
// a test that fails or is interrupted leaves nothing behind
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL')
})

export function run(file: string, { args = [], env = {}, limit = 120_000 }: SpawnOptions = {}): Spawned {
  return watch(
    spawn(process.execPath, ['--conditions=spanwise-source', file, ...args], { env: { ...process.env, ...env } }),
    limit,
  )
}

export function watch(child: ChildProcess, limit: number): Spawned {
  living.add(child)
  let text = ''
  const waiting = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      for (const look of [...waiting]) look()
    })
  }
  const timer = setTimeout(() => {
    text += `\n(killed after ${limit} ms)\n`
    child.kill('SIGKILL')
  }, limit)
  const ended = once(child, 'close').then(([code, signal]) => {
    clearTimeout(timer)
    living.delete(child)
    return { code, signal }
  })
  return {
    pid: child.pid as number,
    said: (start) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const line = text.split('\n').find((one) => one.startsWith(start))
          if (line === undefined) return
          waiting.delete(look)
          resolve(line)
        }
        waiting.add(look)
        look()
        void ended.then(() => reject(new Error(`the process ended before it said “${start}”:\n${text}`)))
      }),
    kill: () => child.kill('SIGKILL'),
    ended,
    output: () => text,
  }
}
