import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type App, advance, healthHandler, signal, sleep, spanwise, step, workflow } from 'spanwise'
import { describe, expect, it, onTestFinished } from 'vitest'

function place(): { readonly file: string; readonly effects: string; done(): string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-life-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  const effects = join(folder, 'effects')
  writeFileSync(effects, '')
  const done = (): string[] => readFileSync(effects, 'utf8').split('\n').slice(0, -1)
  return { file: join(folder, 'life.db'), effects, done }
}

async function begin({ file, effects }: { readonly file: string; readonly effects: string }): Promise<ChildProcess> {
  const child = fork(new URL('./fixtures/worker.ts', import.meta.url), [file, effects], { silent: true })
  onTestFinished(() => void child.kill('SIGKILL'))
  await said(child, 'working')
  return child
}

function said(child: ChildProcess, what: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.on('message', (message) => {
      if (message === what) resolve()
    })
    child.once('exit', (code, by) => reject(new Error(`it ended with ${code ?? by}`)))
  })
}

async function start(child: ChildProcess, order: { start: string; input: unknown; id: string }): Promise<void> {
  const done = said(child, `started ${order.id}`)
  child.send(order)
  await done
}

describe('a process that is told to end', () => {
  it('lets a step under way end, begins nothing new, and ends by that signal', async () => {
    const at = place()
    const first = await begin(at)
    await start(first, { start: 'slowly', input: 'a', id: 'a' })
    await expect.poll(() => at.done()).toContain('begin a')
    first.kill('SIGTERM')
    const [, by] = await once(first, 'exit')
    expect(by).toBe('SIGTERM')
    expect(at.done()).toEqual(['begin a', 'end a'])
    // its result is recorded: nobody does it again
    const second = await begin(at)
    await start(second, { start: 'slowly', input: 'b', id: 'b' })
    await expect.poll(() => at.done()).toContain('end b')
    expect(at.done()).toEqual(['begin a', 'end a', 'begin b', 'end b'])
  })

  it('a second signal does not wait', async () => {
    const at = place()
    const first = await begin(at)
    await start(first, { start: 'slowly', input: 'a', id: 'a' })
    await expect.poll(() => at.done()).toContain('begin a')
    first.kill('SIGTERM')
    await new Promise((resolve) => setTimeout(resolve, 50))
    first.kill('SIGTERM')
    const [, by] = await once(first, 'exit')
    expect(by).toBe('SIGTERM')
    expect(at.done()).not.toContain('end a')
  })

  it('hands over to the next one, again and again: no step is lost and none is done twice', async () => {
    const at = place()
    let child = await begin(at)
    for (let i = 0; i < 5; i++) await start(child, { start: 'ticking', input: 20, id: `run-${i}` })
    for (let restart = 0; restart < 3; restart++) {
      const before = at.done().length
      await expect.poll(() => at.done().length).toBeGreaterThan(before + 5)
      child.kill('SIGTERM')
      await once(child, 'exit')
      child = await begin(at)
    }
    await expect.poll(() => at.done().length).toBe(100)
    expect(new Set(at.done()).size).toBe(100)
  })

  it('keeps what waits: what is sent while nobody works is taken up by the next one', async () => {
    const at = place()
    const first = await begin(at)
    await start(first, { start: 'waiting', input: 'w', id: 'w' })
    first.kill('SIGTERM')
    await once(first, 'exit')
    await using client = await spanwise({ store: `sqlite:${at.file}`, workflows: [], work: false })
    const run = await client.get('waiting', 'w')
    await run?.signal(signal<string>('go'), 'on')
    expect(at.done()).toEqual([])
    await begin(at)
    await expect.poll(() => at.done()).toEqual(['w on'])
  })
})

describe('health', () => {
  const ask = async (app: App, path: string) => {
    const answer = await healthHandler(app)(new Request(`http://localhost/${path}`))
    return { status: answer.status, body: await answer.json() }
  }

  it('is good while an app works, and not ready while it closes', async () => {
    const { file } = place()
    const app = await spanwise({ store: `sqlite:${file}`, workflows: [] })
    expect(await ask(app, 'readyz')).toEqual({ status: 200, body: { live: true, ready: true, reasons: [] } })
    const closing = app.close()
    expect(await ask(app, 'readyz')).toMatchObject({ status: 503, body: { live: true, ready: false } })
    expect(await ask(app, 'livez')).toMatchObject({ status: 200 })
    await closing
  })

  it('of a client is good while its store can be asked', async () => {
    const { file } = place()
    await using worker = await spanwise({ store: `sqlite:${file}`, workflows: [] })
    await using client = await spanwise({ store: `sqlite:${file}`, workflows: [], work: false })
    expect(await client.health()).toEqual({ live: true, ready: true, reasons: [] })
    expect((await worker.health()).ready).toBe(true)
  })
})

describe('advance', () => {
  const double = step('double', async (n: number) => n * 2)
  const wait = step('wait', async () => new Promise((resolve) => setTimeout(resolve, 300)))
  const sum = workflow('sum', async (n: number) => (await double(n)) + (await double(n + 1)))
  const later = workflow('later', async (n: number) => {
    await sleep('1h')
    return double(n)
  })
  const long = workflow('long', async () => {
    for (let i = 0; i < 50; i++) await wait()
  })
  const workflows = [sum, later, long]

  it('does what is due, says when something is next, and leaves the file to others', async () => {
    const { file } = place()
    const store = `sqlite:${file}`
    {
      await using client = await spanwise({ store, workflows, work: false })
      await client.start(sum, 3, { id: 'a' })
      await client.start(later, 1, { id: 'b' })
    }
    const { idle, wakeAt } = await advance({ store, workflows }, { for: '20s' })
    expect(idle).toBe(true)
    const hour = (wakeAt?.getTime() ?? 0) - Date.now()
    expect(hour).toBeGreaterThan(3_500_000)
    expect(hour).toBeLessThanOrEqual(3_600_000)
    await using client = await spanwise({ store, workflows, work: false })
    expect(await (await client.get(sum, 'a'))?.result()).toBe(14)
    expect((await (await client.get(later, 'b'))?.status())?.status).toBe('waiting')
  })

  it('stops when its time is up and goes on in the next call where it was', async () => {
    const { file } = place()
    const store = `sqlite:${file}`
    {
      await using client = await spanwise({ store, workflows, work: false })
      await client.start(long, undefined, { id: 'l' })
    }
    const recorded = async (): Promise<number> => {
      await using client = await spanwise({ store, workflows, work: false })
      const run = await client.get(long, 'l')
      let count = 0
      for await (const { kind } of run?.events({ follow: false }) ?? []) if (kind === 'step.result') count++
      return count
    }
    expect(await advance({ store, workflows }, { for: '1s' })).toMatchObject({ idle: false })
    const first = await recorded()
    expect(first).toBeGreaterThan(0)
    expect(await advance({ store, workflows }, { for: '1s' })).toMatchObject({ idle: false })
    expect(await recorded()).toBeGreaterThan(first)
  })

  it('with nothing to do comes back at once', async () => {
    const { file } = place()
    expect(await advance({ store: `sqlite:${file}`, workflows }, { for: '20s' })).toEqual({
      idle: true,
      wakeAt: undefined,
    })
  })
})
