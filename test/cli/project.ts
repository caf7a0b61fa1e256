import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { onTestFinished } from 'vitest'

const repository = resolve(import.meta.dirname, '../..')
const main = join(repository, 'packages/spanwise/src/cli/main.ts')

/** A user's project: files in a folder of their own, with the package installed. */
export interface Project {
  readonly folder: string
  write(files: Readonly<Record<string, string>>): void
  /** Runs a command line to its end. */
  cli(...args: readonly string[]): Promise<Ended>
  begin(args: readonly string[], options?: BeginOptions): Running
}

interface BeginOptions {
  readonly stdin?: string
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** resolves once stdout or stderr holds it */
  says(text: string | RegExp): Promise<void>
}

export function project(files: Readonly<Record<string, string>>): Project {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-cli-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(join(repository, 'packages/spanwise'), join(folder, 'node_modules/spanwise'))
  symlinkSync(join(repository, 'node_modules/zod'), join(folder, 'node_modules/zod'))
  const write = (more: Readonly<Record<string, string>>): void => {
    for (const [name, text] of Object.entries(more)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), text)
    }
  }
  write({ 'package.json': '{ "name": "project", "type": "module" }', ...files })
  const begin = (args: readonly string[], options?: BeginOptions): Running => start(folder, args, options)
  return { folder, write, begin, cli: (...args) => begin(args).ended }
}

/** How the command is started: what a shell or `script` would be given. */
export const command: readonly string[] = [process.execPath, '--conditions=spanwise-source', main]

function start(folder: string, args: readonly string[], options: BeginOptions = {}): Running {
  const env: NodeJS.ProcessEnv = { ...process.env, ...options.env }
  for (const name of ['NO_COLOR', 'FORCE_COLOR', 'NODE_OPTIONS', 'SPANWISE_LOG']) {
    if (options.env?.[name] === undefined) delete env[name]
  }
  const child = spawn(command[0] as string, [...command.slice(1), ...args], {
    cwd: join(folder, options.cwd ?? '.'),
    env,
    stdio: 'pipe',
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return watch(child, options.stdin)
}

export function watch(child: ChildProcess, stdin?: string): Running {
  let out = ''
  let err = ''
  const waiting = new Set<() => void>()
  const heard = (): void => {
    for (const look of [...waiting]) look()
  }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out += text
    heard()
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    err += text
    heard()
  })
  child.stdin?.on('error', () => {})
  child.stdin?.end(stdin)
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, out, err }))
  return {
    child,
    ended,
    says: (text) =>
      new Promise((done, reject) => {
        const look = (): void => {
          const found = typeof text === 'string' ? (out + err).includes(text) : text.test(out + err)
          if (!found) return
          waiting.delete(look)
          done()
        }
        waiting.add(look)
        void ended.then(() => {
          look()
          reject(new Error(`it ended without saying ${String(text)}:\n${out}\n${err}`))
        })
        look()
      }),
  }
}

/** Workflows that the tests share. */
export const shop = {
  'spanwise.config.ts': `
    import { defineConfig } from 'spanwise'
    import * as all from './workflows'
    const { greet, refund, charge, slow, loop, patient, dies } = all
    export default defineConfig({
      store: 'sqlite:./data/store.db',
      workflows: [greet, refund, charge, slow, loop, patient, dies],
    })`,
  'workflows.ts': `
    import { setTimeout as wait } from 'node:timers/promises'
    import { approval, each, FailError, signal, step, workflow } from 'spanwise'
    import { z } from 'zod'

    const hello = step('hello', async (name: string, { log }) => {
      log.info('greeting', { name })
      return 'hello ' + name
    })
    export const greet = workflow('greet', { input: z.string() }, (name) => hello(name))

    export const paid = signal('paid', z.object({ amount: z.number() }))
    export const refund = workflow('refund', { input: z.object({ order: z.string() }) }, async ({ order }) => {
      const { amount } = await paid.wait()
      const { by, form } = await approval('refund ' + order + '?', { role: 'finance', form: z.object({ note: z.string() }) })
      return { order, amount, by, note: form.note }
    })

    const pay = step('pay', { attempts: 2, backoff: 20 }, async (card: string) => {
      if (card === 'bad') throw new Error('card declined', { cause: new Error('do not honour') })
      return 'paid by ' + card
    })
    export const charge = workflow('charge', (card: string) => pay(card))

    const long = step('long', async (ms: number) => { await wait(ms); return ms })
    export const slow = workflow('slow', async (ms: number) => { await long(ms); return long(ms) })

    const item = step('item', async (n: number) => { await wait(5); return n })
    export const loop = workflow('loop', async (count: number, { progress }) => {
      let done = 0
      const results = await each(Array.from({ length: count }, (_, n) => n), { key: String, concurrency: 4 }, async (n) => {
        await item(n)
        progress({ done: ++done, total: count })
      })
      return results.length
    })

    export const patient = workflow('patient', async () => (await approval('go on?')).by)
    export const dies = workflow('dies', async (why: string) => { throw new FailError(why) })`,
} as const
