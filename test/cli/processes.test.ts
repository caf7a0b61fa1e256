import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { command, project, type Running, shop, watch } from './project.ts'

async function working(worker: Running): Promise<void> {
  await worker.says('working on')
}

it('a second worker is refused, with the pid of the first', async () => {
  const shopping = project(shop)
  const first = shopping.begin(['start'])
  await working(first)
  const second = await shopping.cli('start')
  expect(second).toMatchObject({ code: 1, err: expect.stringContaining(`Process ${first.child.pid} on `) })
})

it('run lets a living worker do the work, and follows', async () => {
  const shopping = project(shop)
  const worker = shopping.begin(['start'])
  await working(worker)
  const { out, err, code } = await shopping.cli('run', 'greet', 'Ada')
  expect({ out, code }).toEqual({ out: 'hello Ada\n', code: 0 })
  expect(err).toContain(`by process ${worker.child.pid}`)
  worker.child.kill('SIGINT')
  const ended = await worker.ended
  expect(ended.code).toBe(0)
  expect(ended.err).toContain('greeting name=Ada')
  expect(ended.out).toMatch(/greet {2}completed/)
})

it('kill -9 of the worker: whoever follows takes over', async () => {
  const shopping = project(shop)
  const worker = shopping.begin(['start'])
  await working(worker)
  const run = shopping.begin(['run', 'slow', '400'])
  await run.says('started')
  worker.child.kill('SIGKILL')
  const { out, code } = await run.ended
  expect({ out, code }).toEqual({ out: '400\n', code: 0 })
})

it('two runs at once share one worker, and the one that stays takes over', async () => {
  const shopping = project(shop)
  const first = shopping.begin(['run', 'slow', '300'])
  await first.says('started')
  const second = shopping.begin(['run', 'slow', '700'])
  expect(await first.ended).toMatchObject({ code: 0, out: '300\n' })
  expect(await second.ended).toMatchObject({ code: 0, out: '700\n' })
})

it('many at once on a new store all come through', { timeout: 60_000 }, async () => {
  const shopping = project(shop)
  const names = ['a', 'b', 'c', 'd', 'e', 'f']
  const ended = await Promise.all(names.map((name) => shopping.cli('run', 'greet', name)))
  expect(ended.map(({ out, code }) => ({ out, code }))).toEqual(
    names.map((name) => ({ out: `hello ${name}\n`, code: 0 })),
  )
})

it('Ctrl-C leaves a run for the next worker', async () => {
  const shopping = project(shop)
  const run = shopping.begin(['run', 'slow', '300', '--id', 's'])
  await run.says('started')
  run.child.kill('SIGINT')
  expect(await run.ended).toMatchObject({
    code: 130,
    out: '',
    err: expect.stringContaining('goes on with the next worker'),
  })
  const again = await shopping.cli('run', 'slow', '300', '--id', 's')
  expect(again).toMatchObject({ code: 0, out: '300\n' })
})

it('a worker that is told to stop lets a step end and keeps its result', async () => {
  const shopping = project(shop)
  const worker = shopping.begin(['start'])
  await working(worker)
  await shopping.cli('run', 'slow', '500', '--id', 's', '--detach')
  worker.child.kill('SIGTERM')
  expect(await worker.ended).toMatchObject({ code: 0, err: expect.stringContaining('stopping') })
  const { out } = await shopping.cli('runs', 'show', 'slow:s')
  expect(out).toMatch(/running|queued/)
})

it('a store whose path is too long for a socket is reached all the same', async () => {
  const shopping = project(shop)
  const deep = join('x'.repeat(60), 'y'.repeat(60))
  mkdirSync(join(shopping.folder, deep), { recursive: true })
  const store = `sqlite:${join(shopping.folder, deep, 'store.db')}`
  const worker = shopping.begin(['start', '--store', store])
  await working(worker)
  const { out, err } = await shopping.cli('run', 'greet', 'Ada', '--store', store)
  expect(out).toBe('hello Ada\n')
  expect(err).toContain(`by process ${worker.child.pid}`)
})

it('the socket that a killed worker left is replaced', async () => {
  const shopping = project(shop)
  const socket = join(shopping.folder, 'data/store.db.sock')
  const killed = shopping.begin(['start'])
  await working(killed)
  killed.child.kill('SIGKILL')
  await killed.ended
  expect(statSync(socket).isSocket()).toBe(true)
  expect((await shopping.cli('runs')).code).toBe(0)
  const next = shopping.begin(['start'])
  await working(next)
  expect((await shopping.cli('run', 'greet', 'Ada')).err).toContain(`by process ${next.child.pid}`)
  next.child.kill('SIGINT')
  await next.ended
  expect(existsSync(socket)).toBe(false)
})

it('a reader that goes away ends the command quietly', async () => {
  const shopping = project(shop)
  await shopping.cli('run', 'greet', 'Ada')
  const list = shopping.begin(['runs', 'show', 'nothing'])
  list.child.stdout?.destroy()
  list.child.stderr?.destroy()
  const { err } = await list.ended
  expect(err).not.toContain('EPIPE')
})

const script = spawnSync('script', ['--version']).status === 0
it.skipIf(!script)(
  'on a terminal there are colours and a moving line, and NO_COLOR takes the colours away',
  async () => {
    const shopping = project(shop)
    const inTerminal = async (env: Readonly<Record<string, string>>): Promise<string> => {
      const line = [...command, 'run', 'loop', '120'].map((part) => `'${part}'`).join(' ')
      const { NO_COLOR: _, ...rest } = process.env
      const child = spawn('script', ['-qec', line, '/dev/null'], {
        cwd: shopping.folder,
        env: { ...rest, TERM: 'xterm', ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const { out, code } = await watch(child).ended
      expect(code).toBe(0)
      return out
    }
    const colourful = await inTerminal({})
    expect(colourful).toContain('\u001b[32m')
    expect(colourful).toMatch(/\d+ steps/)
    expect(colourful).toContain('\u001b[2K')
    const plain = await inTerminal({ NO_COLOR: '1' })
    expect(plain).not.toContain('\u001b[3')
  },
)
