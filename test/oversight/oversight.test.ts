import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { keyFile as auditKey, readKeys, verifyLog } from '../../packages/spanwise/src/audit/index.ts'
import { approval, connect, each, signal, spanwise, step, workflow } from '../../packages/spanwise/src/index.ts'
import { checkStore, openStore, restoreStore } from '../../packages/spanwise/src/journal/index.ts'
import { fill, found, marked, temporaryFolder } from '../encryption/markers.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const ann = { reason: 'request of 3 March', by: 'ann' }
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: { code?: unknown }) => error.code,
  )
const until = async (look: () => Promise<boolean>): Promise<void> => {
  while (!(await look())) await new Promise((resolve) => setTimeout(resolve, 10))
}
/** all that `fill` puts into the run that is about the subject */
const theirs = [
  'input',
  'attempterror',
  'attemptstack',
  'system',
  'promptvalue',
  'question',
  'of',
  'by',
  'reason',
  'form',
  'signal',
  'output',
  'id',
  'tag',
  'subject',
  'team',
]

it('nothing that is about an erased subject can be read in the files, and the proofs stand', async () => {
  const folder = temporaryFolder()
  const { app, path } = await fill(folder)
  const before = found(folder)
  expect(theirs.filter((place) => place !== 'team' && !before.has(place))).toEqual([])
  const act = await app.erase({ subject: marked['subject'] as string }, ann)
  expect(act).toMatchObject({ kind: 'erased', by: 'ann', reason: ann.reason })
  const after = found(folder)
  expect(theirs.filter((place) => after.has(place))).toEqual([])
  // those that are about nobody stay
  expect(after.has('failinginput')).toBe(true)
  await app.close()
  const store = await openStore(`sqlite:${path}`)
  const verified = await verifyLog(store, { keys: readKeys([auditKey(path)]) })
  await store.close()
  expect(verified.findings).toEqual([])
  expect(verified.erased).toBeGreaterThan(10)
  expect((await checkStore(path)).problems).toEqual([])
})

const asked = signal<number>('asked')
const flow = workflow('flow', async (n: number) => {
  await asked.wait()
  return n
})

it('a run that waits, and one that is under way, park with ERASED when they need what was erased, and can be ended', async () => {
  const gate = Promise.withResolvers<void>()
  const slow = step('slow', async (n: number) => gate.promise.then(() => n))
  const busy = workflow('busy', async (n: number) => slow(n))
  await using app = await spanwise({
    store: `sqlite:${join(temporaryFolder(), 'store.db')}`,
    workflows: [flow, busy],
    log: silent,
    linger: 10,
  })
  const waits = await app.start(flow, 1, { subject: 'ada' })
  const works = await app.start(busy, 2, { subject: 'ada' })
  await until(async () => (await waits.status()).status === 'waiting')
  await app.erase({ subject: 'ada' }, ann)
  await waits.signal(asked, 1)
  gate.resolve()
  for (const run of [waits, works]) {
    await until(async () => (await run.status()).status === 'needs attention')
    const { status, code } = (await app.list()).items.find(({ id }) => id === run.id) ?? {}
    expect({ status, code }).toEqual({ status: 'needs attention', code: 'ERASED' })
    await run.giveUp('it was erased')
    await until(async () => (await run.status()).status === 'failed')
  }
  // nothing new is recorded about them
  expect(await codeOf(app.start(flow, 3, { subject: 'ada' }))).toBe('SUBJECT_ERASED')
})

it('a run that holds something about an erased person among others parks with ERASED too', async () => {
  const items = ['ada', 'bob']
  const look = step('look', async (name: string) => name.length)
  const many = workflow('many', async () => {
    const sizes = await each(items, { key: (name) => name, subject: (name) => name }, look)
    await asked.wait()
    return sizes
  })
  await using app = await spanwise({
    store: `sqlite:${join(temporaryFolder(), 'store.db')}`,
    workflows: [many],
    log: silent,
    linger: 10,
  })
  const run = await app.start(many)
  await until(async () => (await run.status()).status === 'waiting')
  await app.erase({ subject: 'ada' }, ann)
  await run.signal(asked, 1)
  await until(async () => (await run.status()).status === 'needs attention')
  expect((await app.list()).items[0]).toMatchObject({ code: 'ERASED' })
})

it('what was erased since a backup is erased again when that is put back', async () => {
  const folder = temporaryFolder()
  const path = join(folder, 'store.db')
  const config = { store: `sqlite:${path}`, workflows: [flow], log: silent }
  let app = await spanwise(config)
  const run = await app.start(flow, 1, { subject: 'ada' })
  await app.backup(join(folder, 'backup.db'))
  const { id } = await app.erase({ subject: 'ada' }, ann)
  await app.close()
  await restoreStore(path, join(folder, 'backup.db'))
  // a line that a power loss tore stops nothing
  appendFileSync(`${path}.erasures`, '{"store":')
  const restored = await openStore(`sqlite:${path}`)
  expect((await restored.entries(run.id))[0]?.erased).toBe(false)
  await restored.close()
  app = await spanwise(config)
  expect((await app.acts({ kind: 'erased' })).items).toMatchObject([{ id, by: 'spanwise' }])
  await app.close()
  const again = await openStore(`sqlite:${path}`)
  expect((await again.entries(run.id)).every(({ erased }) => erased)).toBe(true)
  await again.close()
  // the other way: a file that is lost is written again
  rmSync(`${path}.erasures`)
  app = await spanwise(config)
  expect(readFileSync(`${path}.erasures`, 'utf8')).toContain(id)
  expect((await app.acts({ kind: 'erased' })).items).toHaveLength(1)
  await app.close()
})

it('two people have to agree where the config says so; a hold forbids it; a reason is needed', async () => {
  await using app = await spanwise({
    store: `sqlite:${join(temporaryFolder(), 'store.db')}`,
    workflows: [flow],
    log: silent,
    oversight: { secondPerson: true },
  })
  const run = await app.start(flow, 1, { subject: 'ada' })
  const target = { run: run.id }
  expect(await codeOf(app.erase(target, ann))).toBe('SECOND_PERSON_NEEDED')
  expect(await codeOf(app.erase(target, { ...ann, second: ' Ann ' }))).toBe('SECOND_PERSON_NEEDED')
  expect(await codeOf(app.erase(target, { ...ann, reason: ' ', second: 'bob' }))).toBe('REASON_NEEDED')
  await app.hold({ subject: 'ada' }, { reason: 'case 12', by: 'law' })
  await expect(app.erase(target, { ...ann, second: 'bob' })).rejects.toThrow(/legal hold forbids it: case 12 \(law/)
  await run.cancel('enough')
  await until(async () => (await run.status()).status === 'cancelled')
  await app.start(flow, 2)
  expect((await app.retain([{ keep: 0, action: 'delete' }])).deleted).toBe(0)
  expect((await app.acts({ open: true })).items).toHaveLength(1)
  await app.release({ subject: 'ada' }, { reason: 'closed', by: 'law' })
  expect(await codeOf(app.release({ subject: 'ada' }, { reason: 'closed', by: 'law' }))).toBe('NOT_HELD')
  expect(await app.erase(target, { ...ann, second: 'bob' })).toMatchObject({ second: 'bob' })
  expect(await codeOf(app.erase({ run: 'none' }, { ...ann, second: 'bob' }))).toBe('RUN_UNKNOWN')
})

it('what an operator reads is an entry, once a run; what the runtime reads is none', async () => {
  const asking = workflow('asking', async () => approval('pay?'))
  const store = `sqlite:${join(temporaryFolder(), 'store.db')}`
  await using app = await spanwise({ store, workflows: [asking], log: silent, linger: 10 })
  const run = await app.start(asking)
  await until(async () => (await run.status()).status === 'waiting')
  expect((await app.acts()).items).toEqual([])
  const looks = await connect({ store, operator: { by: 'eve', reason: 'ticket 7' } })
  await looks.list()
  expect((await app.acts()).items).toEqual([])
  const seen = await looks.get(run.id)
  for await (const event of seen?.events() ?? []) if (event.kind === 'approval.requested') break
  expect((await looks.approvals()).items[0]?.question).toBe('pay?')
  await looks.close()
  expect((await app.acts({ kind: 'read' })).items).toMatchObject([{ run: run.id, by: 'eve', reason: 'ticket 7' }])
  const silently = await connect({ store, operator: { by: 'eve', needsReason: true } })
  expect(await codeOf(silently.approvals())).toBe('REASON_NEEDED')
  await silently.close()
  expect(existsSync(`${store.slice(7)}.erasures`)).toBe(false)
})
