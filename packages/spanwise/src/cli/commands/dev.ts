import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, resolve } from 'node:path'
import { canBrowse } from '../browser.ts'
import { findConfig } from '../config/find.ts'
import { interruption } from '../interrupt.ts'
import type { Common } from '../open.ts'
import { heading } from '../output/blocks.ts'
import { near } from '../output/path.ts'
import type { ServingOptions } from '../serving.ts'
import type { Terminal } from '../terminal.ts'
import { exitCode } from '../usage.ts'
import { watchSources } from '../watch.ts'
import { startWorker } from './start.ts'

export interface DevOptions extends Common, ServingOptions {
  readonly watch?: readonly string[]
  /** false: no browser is opened */
  readonly open?: boolean
  /** set for the process that works: the one that watches */
  readonly under?: number
}

/**
 * Works on the store like `start`, and again with new code whenever a source file changes. Each version is a process of its own: it
 * loads all its code, and only then takes over from the one before; what does not load changes nothing. Unfinished runs are in
 * the store and go on.
 */
export async function develop(terminal: Terminal, options: DevOptions): Promise<number> {
  if (options.under !== undefined) {
    return startWorker(terminal, { ...options, takeOver: true, closely: true, parent: options.under })
  }
  const config = findConfig(process.cwd(), options.config)
  const folders = [dirname(config), ...(options.watch ?? []).map((folder) => resolve(folder))]
  const stop = interruption()
  const living = new Set<ChildProcess>()
  let newest: ChildProcess | undefined
  // once: a page that is open comes back by itself when new code has taken over
  let browses = options.open !== false && canBrowse(process.env, terminal.interactive, process.platform)
  const begin = (): void => {
    const child = spawn(
      process.execPath,
      [...process.execArgv, ...process.argv.slice(1), '--under', String(process.pid), ...(browses ? ['--browse'] : [])],
      // a terminal's Ctrl-C is for this process, which passes it on: the second one does not wait
      { stdio: ['ignore', 'inherit', 'inherit'], detached: process.platform !== 'win32' },
    )
    browses = false
    // those that load, or wait for the file, are out of date; the oldest is, but for the first moment, the one that works
    for (const before of [...living].slice(1)) before.kill('SIGTERM')
    newest = child
    living.add(child)
    child.on('error', (error) => terminal.note(`the worker could not be started: ${error.message}`))
    child.on('exit', (code, signal) => {
      living.delete(child)
      if (stop.signal.aborted || child !== newest) return
      const how = signal === null ? `exit code ${code}` : signal
      const rest = living.size > 0 ? 'the version before goes on' : 'nothing works now'
      terminal.note(terminal.paint('yellow', `the new version ended (${how}); ${rest} until a file changes`, 'note'))
    })
  }
  if (!terminal.json) {
    heading(terminal, 'spanwise dev', terminal.paint('dim', `watching ${folders.map(near).join(', ')}`))
  }
  begin()
  const unwatch = watchSources(folders, (file) => {
    if (!terminal.json) terminal.note(terminal.paint('dim', `${near(file)} changed`, 'note'))
    begin()
  })
  // a watcher alone does not keep every platform's process alive
  const alive = setInterval(() => {}, 60_000)
  await stop.happened
  unwatch()
  const end = (): void => {
    for (const child of living) child.kill('SIGTERM')
  }
  // the second Ctrl-C ends this process: it is their second one too
  process.once('exit', end)
  const ended = Promise.all([...living].map((child) => once(child, 'exit')))
  end()
  await ended
  process.off('exit', end)
  clearInterval(alive)
  stop.done()
  if (!terminal.json) terminal.note('stopped')
  return exitCode.ok
}
