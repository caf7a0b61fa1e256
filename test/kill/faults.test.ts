import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { run, type Spawned, watch } from './support/process.ts'

const program = join(import.meta.dirname, 'workload/faulty.ts')
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spanwise-faults-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
})

/** The last thing that a process of the program said. */
async function seen(child: Spawned): Promise<Record<string, unknown>> {
  const said = await child.said('saw ')
  const { code } = await child.ended
  expect(code, child.output()).toBe(0)
  return JSON.parse(said.slice('saw '.length)) as Record<string, unknown>
}

const quiet = { SPANWISE_LOG: 'silent' }
const begin = (scenario: string, where = folder, env: Readonly<Record<string, string>> = {}): Spawned =>
  run(program, { args: [scenario, where], env: { ...quiet, ...env }, limit: 60_000 })

const noOneWaits = { queued: 0, running: 0, waiting: 0, 'needs attention': 0, failed: 0, cancelled: 0 }

describe('a full disk', () => {
  const canMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', tmpdir()]).status === 0
  /** in a folder that takes 16 MB; each process says what it saw */
  const small = (script: string): Spawned => {
    const whole = `mount -t tmpfs -o size=16m none "$1" && ${script}`
    const node = `"${process.execPath}" --conditions=spanwise-source "${program}"`
    const args = ['-rm', 'sh', '-c', whole.replaceAll('node', node), 'sh', folder]
    return watch(spawn('unshare', args, { env: { ...process.env, ...quiet } }), 60_000)
  }

  it.skipIf(!canMount)('refuses starts, keeps what it accepted, and runs go on when there is room', async () => {
    const { refused, accepted, readable, sizes, there, again } = await seen(small('node full "$1"'))
    expect(refused).toMatchObject({ code: 'STORE_FULL', hint: expect.stringContaining('Free some space') })
    expect(accepted).toBeGreaterThan(3)
    expect(readable).toBe(accepted)
    expect(sizes).toEqual(Array.from({ length: accepted as number }, () => 20 * 16 * 1024))
    expect({ there, again }).toEqual({ there: false, again: 16 * 1024 })
  })

  it.skipIf(!canMount)('does not keep an app from closing, and the next process goes on', async () => {
    const child = small('node fullAndLeave "$1" && rm "$1/ballast" && node goOn "$1"')
    const { code } = await child.ended
    expect(code, child.output()).toBe(0)
    const [left, went] = child
      .output()
      .split('\n')
      .filter((line) => line.startsWith('saw '))
      .map((line) => JSON.parse(line.slice('saw '.length)) as { accepted: number; counts: object })
    expect(left?.accepted).toBeGreaterThan(3)
    expect(went?.counts).toEqual({ ...noOneWaits, completed: left?.accepted })
  })

  it('that shows as a limit on the size of files is the same', async () => {
    // the signal that it sends by default is switched off
    const script = `trap "" XFSZ; ulimit -f 3000; exec "$@"`
    const args = [
      '-c',
      script,
      'bash',
      process.execPath,
      '--conditions=spanwise-source',
      program,
      'fullAndLeave',
      folder,
    ]
    mkdirSync(folder, { recursive: true })
    // the ballast does not fit either
    const first = watch(spawn('bash', args, { env: { ...process.env, ...quiet, NO_BALLAST: '1' } }), 60_000)
    const { accepted } = await seen(first)
    expect(accepted).toBeGreaterThan(3)
    expect(await seen(begin('goOn'))).toEqual({ counts: { ...noOneWaits, completed: accepted } })
  })
})

describe('a place that cannot be written', () => {
  const nobody = { AS_NOBODY: '1' }
  const refusal = { code: 'STORE_READ_ONLY', hint: expect.stringContaining('write permission') }

  it('is refused before anything is made, with what to do', async () => {
    const locked = join(folder, 'locked')
    mkdirSync(locked)
    chmodSync(locked, 0o555)
    chmodSync(folder, 0o755)
    for (const where of [locked, join(locked, 'deeper')]) {
      expect(await seen(begin('open', where, nobody))).toMatchObject({
        error: { ...refusal, message: expect.stringContaining(`${where}/store.db`) },
      })
    }
    expect(readdirSync(locked)).toEqual([])
  })

  it('is refused where the files are there and read-only, and works again once they are not', async () => {
    expect(await seen(begin('open'))).toEqual({ result: 2 * 16 * 1024 })
    chmodSync(folder, 0o555)
    for (const file of readdirSync(folder)) chmodSync(join(folder, file), 0o444)
    expect(await seen(begin('open', folder, nobody))).toMatchObject({ error: refusal })
    chmodSync(folder, 0o777)
    for (const file of readdirSync(folder)) chmodSync(join(folder, file), 0o666)
    expect(await seen(begin('open', folder, nobody))).toEqual({ result: 2 * 16 * 1024 })
  })
})

describe('a damaged file', () => {
  const damage = (from: number, length: number): void => {
    const file = openSync(join(folder, 'store.db'), 'r+')
    writeSync(file, Buffer.alloc(length, 0xa5), 0, length, from)
    closeSync(file)
  }

  it('is refused, not changed, and not owned by whoever was refused', async () => {
    await seen(begin('open'))
    damage(0, 64)
    const before = statSync(join(folder, 'store.db')).mtimeMs
    const error = { code: 'STORE_NOT_A_DATABASE', hint: expect.stringContaining('restore') }
    expect(await seen(begin('open'))).toMatchObject({ error })
    expect(await seen(begin('open'))).toMatchObject({ error })
    expect(statSync(join(folder, 'store.db')).mtimeMs).toBe(before)
    // a backup is put in its place
    for (const file of readdirSync(folder)) if (!file.endsWith('.owner')) rmSync(join(folder, file))
    expect(await seen(begin('open'))).toEqual({ result: 2 * 16 * 1024 })
  })

  it('that is damaged further in is called that, and the process does not hang', async () => {
    await seen(begin('open'))
    damage(4_096, statSync(join(folder, 'store.db')).size - 4_096)
    expect(await seen(begin('open'))).toMatchObject({
      error: { code: 'STORE_CORRUPT', hint: expect.stringContaining('backup') },
    })
  })

  it('that is something else is left alone', async () => {
    writeFileSync(join(folder, 'store.db'), 'Dear diary, '.repeat(1_000))
    expect(await seen(begin('open'))).toMatchObject({ error: { code: 'STORE_NOT_A_DATABASE' } })
    expect(statSync(join(folder, 'store.db')).size).toBe(12_000)
  })
})

describe('the thread of the store', () => {
  it('that dies is told to everybody who waits; the app closes, the next one goes on', async () => {
    const { errors, results, counts } = await seen(begin('thread'))
    const lost = { code: 'STORE_LOST', hint: expect.stringContaining('open it again') }
    expect(errors).toEqual(Array.from({ length: 4 }, () => expect.objectContaining(lost)))
    const values = results as readonly unknown[]
    expect(values).toHaveLength(20)
    for (const [n, result] of values.entries()) expect(['STORE_LOST', n]).toContain(result)
    expect(counts).toEqual({ ...noOneWaits, completed: 20 })
  })
})

describe('a second worker', () => {
  it('is refused by the name of the first, and takes over when that one is killed', async () => {
    const first = begin('hold')
    await first.said('holding')
    const { error } = (await seen(begin('open'))) as { error: { code: string; message: string; hint: string } }
    expect(error.code).toBe('STORE_OWNED')
    expect(error.message).toContain(`rocess ${first.pid} `)
    expect(error.hint).toContain('work: false')
    first.kill()
    await first.ended
    expect(await seen(begin('goOn'))).toEqual({ counts: { ...noOneWaits, completed: 1 } })
    expect(existsSync(join(folder, 'store.db-wal')), 'it was closed properly').toBe(false)
  })
})
