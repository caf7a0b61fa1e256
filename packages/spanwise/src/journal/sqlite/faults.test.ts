import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { openStore } from '../open.ts'
import { change, entry, newRun, owned } from '../testsuite/build.testsuite.ts'
import { openSqliteStore } from './client.ts'
import { openCore } from './core.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spanwise-fault-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
})
const fixture = (name: string): string => join(import.meta.dirname, 'fixtures', name)

describe('a store’s file', () => {
  it('is made together with its folders', async () => {
    const store = await openStore(`sqlite:${folder}/not/yet/store.db`)
    await store.close()
    expect(existsSync(join(folder, 'not/yet/store.db'))).toBe(true)
  })

  it('in a folder that may not be written is refused with what to do', () => {
    const locked = join(folder, 'locked')
    mkdirSync(locked)
    chmodSync(folder, 0o755)
    chmodSync(locked, 0o555)
    for (const path of [join(locked, 'store.db'), join(locked, 'deeper/store.db')]) {
      const said = JSON.parse(execFileSync(process.execPath, [fixture('unwritable.ts'), path], { encoding: 'utf8' }))
      expect(said).toMatchObject({ code: 'STORE_READ_ONLY', hint: expect.stringContaining('permission') })
    }
  })

  it('that may not be written itself is refused', async () => {
    const path = join(folder, 'store.db')
    await (await openSqliteStore(path)).close()
    chmodSync(folder, 0o755)
    chmodSync(path, 0o444)
    const said = JSON.parse(execFileSync(process.execPath, [fixture('unwritable.ts'), path], { encoding: 'utf8' }))
    expect(said).toMatchObject({ code: 'STORE_READ_ONLY' })
  })

  it('that is a folder is refused', async () => {
    await expect(openSqliteStore(folder)).rejects.toMatchObject({ code: 'STORE_UNOPENABLE' })
  })

  it('that is something else is refused', async () => {
    const path = join(folder, 'letter.txt')
    writeFileSync(path, 'Dear diary, '.repeat(1000))
    await expect(openSqliteStore(path)).rejects.toMatchObject({ code: 'STORE_NOT_A_DATABASE' })
  })

  it('with a damaged header is refused and not written', async () => {
    const path = join(folder, 'store.db')
    await (await openSqliteStore(path)).close()
    overwrite(path, 0, 64)
    const before = statSync(path).mtimeMs
    await expect(openSqliteStore(path)).rejects.toMatchObject({ code: 'STORE_NOT_A_DATABASE' })
    expect(statSync(path).mtimeMs).toBe(before)
  })

  it('that is damaged in the middle says so instead of guessing', async () => {
    const path = join(folder, 'store.db')
    await (await openSqliteStore(path)).close()
    const empty = statSync(path).size
    let store = await openSqliteStore(path, { durability: 'off' })
    const run = await owned(store)
    for (let i = 1; i < 200; i++) {
      await store.append(change(run, [entry(i, 'note', { payload: JSON.stringify('x'.repeat(2000)) })]))
    }
    await store.close()
    // behind the pages that opening reads
    overwrite(path, empty + 4096 * 5, statSync(path).size - empty - 4096 * 10)
    store = await openSqliteStore(path)
    onTestFinished(() => store.close())
    await expect(store.entries(run.run)).rejects.toMatchObject({
      code: 'STORE_CORRUPT',
      hint: expect.stringContaining('backup'),
    })
  })

  it('of a newer version is refused with both versions', async () => {
    const path = join(folder, 'store.db')
    await (await openSqliteStore(path)).close()
    const core = openCore(path)
    core.context.db.exec('PRAGMA user_version = 99')
    core.close()
    await expect(openSqliteStore(path)).rejects.toMatchObject({
      code: 'STORE_TOO_NEW',
      message: expect.stringMatching(/version 99.*up to \d/),
    })
  })

  it('that another program locks is reported, and written once it is free', async () => {
    const path = join(folder, 'store.db')
    const store = await openSqliteStore(path, { busyTimeout: 50 })
    onTestFinished(() => store.close())
    const other = openCore(path)
    other.context.db.exec('BEGIN IMMEDIATE')
    await expect(store.create(newRun({ id: 'x' }))).rejects.toMatchObject({ code: 'STORE_BUSY' })
    other.context.db.exec('ROLLBACK')
    other.close()
    expect(await store.create(newRun({ id: 'x' }))).toMatchObject({ state: 'created' })
  })
})

describe('a full disk', () => {
  const script = 'mount -t tmpfs -o size=3m none "$1" && exec "$2" "$3" "$1"'
  const small = (program: string) =>
    spawnSync('unshare', ['-rm', 'sh', '-c', script, 'sh', folder, process.execPath, program], { encoding: 'utf8' })
  const canMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', tmpdir()]).status === 0

  it.skipIf(!canMount)('is reported; nothing acknowledged is lost; the store goes on when there is room', () => {
    const { stdout, stderr } = small(fixture('full.ts'))
    expect(stderr).toBe('')
    const seen = JSON.parse(stdout)
    expect(seen.codes).toEqual(['STORE_FULL', 'STORE_FULL', 'STORE_FULL'])
    expect(seen.before).toBeGreaterThan(10)
    expect(seen).toMatchObject({ after: seen.before + 1, entries: seen.before + 2 })
  })

  it('takes the whole batch along, and nothing of it is there', () => {
    const core = openCore(join(folder, 'store.db'))
    onTestFinished(() => core.close())
    const { db } = core.context
    const pages = Number(db.prepare('PRAGMA page_count').get()?.['page_count'])
    db.exec(`PRAGMA max_page_count = ${pages + 4}`)
    const big = entry(0, 'run.started', { payload: JSON.stringify('x'.repeat(15_000)) })
    const creates = [1, 2, 3].map(() => ({ op: 'create', argument: newRun({ started: big }) }) as const)
    const answers = core.execute(creates)
    expect(answers).toMatchObject(creates.map(() => ({ error: { code: 'STORE_FULL' } })))
    const mixed = core.execute([...creates, { op: 'counts', argument: undefined }])
    expect(mixed.at(-1), 'what only reads is answered').toMatchObject({ value: { queued: 0 } })
    db.exec('PRAGMA max_page_count = 100000')
    expect(core.execute([{ op: 'counts', argument: undefined }])).toMatchObject([{ value: { queued: 0 } }])
    expect(core.execute(creates)).toMatchObject(creates.map(() => ({ value: { state: 'created' } })))
  })
})

describe('a disk that refuses to write', () => {
  it('fails requests one commit long, not the process', () => {
    // a limit on file size ends writes with an I/O error; the signal it sends by default is switched off
    const script = 'trap "" XFSZ; ulimit -f 1600; exec "$1" "$2" "$3"'
    mkdirSync(join(folder, 'x'))
    const program = fixture('io-error.ts')
    const { stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', process.execPath, program, folder], {
      encoding: 'utf8',
    })
    expect(stderr).toBe('')
    const seen = JSON.parse(stdout)
    expect(['STORE_WRITE_FAILED', 'STORE_FULL']).toContain(seen.code)
    expect(seen.entries).toBe(seen.acknowledged + 1)
  })
})

function overwrite(path: string, from: number, length: number): void {
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.alloc(length, 0xa5), 0, length, from)
  closeSync(file)
}
