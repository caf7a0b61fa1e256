import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { FailError, type RunEvent, sleep, type spanwise, step, workflow } from 'spanwise'
import { TestClock, testApp } from 'spanwise/testing'
import { expect, it, onTestFinished } from 'vitest'
import { checkStore, storeFacts } from '../../packages/spanwise/src/journal/index.ts'

const add = step('add', (n: number) => n + 1)
const large = step('large', (text: string) => text.repeat(200_000))
const count = workflow('count', async (n: number) => add(await add(n)))
const big = workflow('big', async (text: string) => (await large(text)).length)
const fails = workflow('fails', async () => {
  throw new FailError('no')
})
const waits = workflow('waits', async () => {
  await sleep('900d')
})
const workflows = [count, big, fails, waits]

function file(): { readonly folder: string; readonly path: string; readonly archive: () => string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-retention-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'store.db')
  return { folder, path, archive: () => readdirSync(`${path}.archive`) }
}

type App = Pick<Awaited<ReturnType<typeof spanwise>>, 'get'>

async function events(app: App, id: string): Promise<readonly RunEvent[]> {
  const found: RunEvent[] = []
  for await (const event of (await app.get(id))!.events()) found.push(event)
  return found
}

it('the app that works archives and deletes by the rules, in the background', async () => {
  const { path, archive } = file()
  await using app = await testApp({
    workflows,
    store: `sqlite:${path}`,
    retention: [
      { workflow: 'fails', keep: '5d', action: 'delete' },
      { workflow: 'count', keep: '2d', action: 'archive' },
      { keep: 'forever', action: 'archive' },
    ],
  })
  const runs = await Promise.all([1, 2, 3].map((n) => app.start(count, n, { id: `c${n}` })))
  const failed = await app.start(fails)
  const kept = await app.start(big, 'x')
  const waiting = await app.start(waits)
  await app.advance('1d')
  const before = await events(app, runs[0]!.id)
  expect(readdirSync(join(path, '..')).some((name) => name.includes('archive'))).toBe(false)
  await app.advance('2d')
  expect(archive()).toHaveLength(1)
  expect(await app.archives()).toMatchObject([{ runs: 3 }])
  // read as before: its history, its result, its place in the list, its id
  expect(await events(app, runs[0]!.id)).toEqual(before)
  expect(await runs[1]!.result()).toBe(4)
  expect((await app.list({ workflow: 'count' })).items).toHaveLength(3)
  expect((await app.start(count, 1, { id: 'c1' })).id).toBe(runs[0]!.id)
  await expect(failed.result()).rejects.toThrow('no')
  await app.advance('4d')
  expect(await app.get(failed.id)).toBeUndefined()
  expect((await kept.status()).status).toBe('completed')
  expect((await waiting.status()).status).toBe('waiting')
})

it('what is in an archive is left out of the store, and comes back into it', async () => {
  const { path, archive } = file()
  const secret = 'ADA-LOVELACE'
  const clock = new TestClock()
  const options = { workflows, store: `sqlite:${path}`, clock }
  let id = ''
  {
    await using app = await testApp(options)
    id = (await app.start(big, secret)).id
    await app.start(count, 1)
    await app.advance('1d')
    expect(await app.retain([{ keep: '2d', action: 'archive' }])).toMatchObject({ archived: 0, files: [] })
    const dry = await app.retain([{ keep: 0, action: 'archive' }], { dryRun: true })
    expect(dry).toMatchObject({ archived: 2, files: [], runs: expect.arrayContaining([id]) })
    const before = await events(app, id)
    expect(await app.retain([{ keep: 0, action: 'archive' }])).toMatchObject({ archived: 2, deleted: 0 })
    expect(await app.retain([{ keep: 0, action: 'archive' }])).toMatchObject({ archived: 0 })
    expect(await events(app, id)).toEqual(before)
  }
  const content = (name: string): string => readFileSync(name).toString('latin1')
  expect(content(path)).not.toContain(secret)
  // frames of zstd: JSON lines, with everything but what users wrote
  const [name] = archive()
  const text = frames(readFileSync(join(`${path}.archive`, name!)))
  expect(text).toContain('"spanwise":"archive"')
  expect(text).toContain(`"run":"${id}"`)
  expect(text).toContain('"kind":"run.completed"')
  expect(text).not.toContain(secret)
  expect(await checkStore(path)).toMatchObject({ runs: 2, problems: [] })

  await using app = await testApp(options)
  const archived = await events(app, id)
  expect(await app.restoreArchived(id)).toBe(true)
  expect(await app.restoreArchived(id)).toBe(false)
  rmSync(`${path}.archive`, { recursive: true })
  expect(await events(app, id)).toEqual(archived)
  expect(await (await app.get(id))!.result()).toBe(secret.length * 200_000)
})

/** what `zstd -dc` prints */
function frames(bytes: Buffer): string {
  const starts: number[] = []
  for (let at = bytes.indexOf('28b52ffd', 0, 'hex'); at >= 0; at = bytes.indexOf('28b52ffd', at + 4, 'hex'))
    starts.push(at)
  return starts.map((at, i) => zstdDecompressSync(bytes.subarray(at, starts[i + 1])).toString()).join('')
}

it('a crash at any moment loses nothing: what left the store is in a file that is on disk', async () => {
  for (const fault of ['crashAfter', 'crashBefore'] as const) {
    for (let n = 1; ; n++) {
      const { path } = file()
      await using app = await testApp({
        workflows,
        store: `sqlite:${path}`,
        faults: { [fault]: n },
        retention: [{ keep: '1d', action: 'archive' }],
      })
      const runs = await Promise.all(Array.from({ length: 45 }, (_, i) => app.start(count, i)))
      await app.advance('1h')
      await app.advance('2d')
      for (const [i, run] of runs.entries()) expect(await run.result()).toBe(i + 2)
      expect((await app.archives()).reduce((sum, one) => sum + one.runs, 0)).toBe(45)
      // three commits let forty-five go; the runs' own appends come before them
      if (app.crashes === 0) break
      n += 20
      expect(n).toBeLessThan(2_000)
    }
  }
})

it('deleting archived runs makes their content unreadable at once, and takes the file away with the last of them', async () => {
  const { path, archive } = file()
  await using app = await testApp({ workflows, store: `sqlite:${path}` })
  const [one, two] = [await app.start(count, 1), await app.start(count, 2, { tags: ['keep'], subject: 'ada' })]
  await app.start(waits)
  await app.advance('1d')
  await app.retain([{ keep: 0, action: 'archive' }])
  await app.retain([
    { tag: 'keep', keep: 'forever', action: 'delete' },
    { keep: 0, action: 'delete' },
  ])
  expect(await app.get(one.id)).toBeUndefined()
  expect(await two.result()).toBe(4)
  expect(archive()).toHaveLength(1)
  await app.retain([{ keep: 0, action: 'delete' }])
  expect(await app.get(two.id)).toBeUndefined()
  expect(archive()).toHaveLength(0)
})

it('an archive that is missing or damaged says so, and the rest of the history is there', async () => {
  const { path, archive } = file()
  await using app = await testApp({ workflows, store: `sqlite:${path}` })
  const run = await app.start(count, 1)
  await app.advance('1d')
  await app.retain([{ keep: 0, action: 'archive' }])
  const name = join(`${path}.archive`, archive()[0]!)
  const bytes = readFileSync(name)
  bytes.fill(7, 150, 400)
  writeFileSync(name, bytes)
  await expect(run.result()).rejects.toMatchObject({ code: 'ARCHIVE_DAMAGED' })
  rmSync(name)
  await expect(run.result()).rejects.toMatchObject({ code: 'ARCHIVE_MISSING' })
  expect((await run.status().catch((error: unknown) => error)) as object).toMatchObject({ code: 'ARCHIVE_MISSING' })
})

it('rules that cannot be are refused when the app opens', async () => {
  const open = (rule: object) => testApp({ workflows, retention: [rule as never] })
  await expect(open({ keep: '1d', action: 'burn' })).rejects.toMatchObject({ code: 'INVALID_RETENTION' })
  await expect(open({ keep: '1d', action: 'delete', status: 'running' })).rejects.toMatchObject({
    code: 'INVALID_RETENTION',
  })
  await expect(open({ keep: 'a while', action: 'delete' })).rejects.toMatchObject({ code: 'INVALID_DURATION' })
  await expect(open({ keep: '1d', action: 'archive' })).rejects.toMatchObject({ code: 'ARCHIVE_NEEDS_FILE' })
})

it('disk use stays bounded while runs come and go', async () => {
  const noise = step('noise', (bytes: number) => randomBytes(bytes).toString('base64'))
  const noisy = workflow('noisy', async () => (await noise(100_000)).length)
  const { path } = file()
  const clock = new TestClock()
  const sizes: number[] = []
  for (let day = 0; day < 3; day++) {
    await using app = await testApp({ workflows: [noisy], store: `sqlite:${path}`, clock })
    await Promise.all(Array.from({ length: 20 }, () => app.start(noisy)))
    await app.advance('1d')
    await app.retain([{ keep: 0, action: 'delete' }])
    await app.close()
    sizes.push(storeFacts(path).bytes.file)
  }
  expect(sizes[0]).toBeGreaterThan(2_000_000)
  expect(sizes[2]).toBeLessThan((sizes[0] as number) * 1.2)
})
