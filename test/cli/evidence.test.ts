import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spanwise, step, workflow } from 'spanwise'
import { beforeAll, describe, expect, it } from 'vitest'
import { bundleRun } from '../../packages/spanwise/src/app/index.ts'
import { makeSigner, readKeys, signNote } from '../../packages/spanwise/src/audit/index.ts'

import { openStore } from '../../packages/spanwise/src/journal/index.ts'
import { members } from '../support/zip.ts'
import { project } from './project.ts'

const files = {
  'spanwise.config.ts': `
import { defineConfig, each, step, workflow } from 'spanwise'
const decide = step('decide', { decision: 'credit limit' }, async (who: string, { cite }) => {
  cite({ id: 'limit-policy', version: '4' })
  return { limit: 500, who }
})
const grant = workflow('grant', async (who: string) => decide(who))
const many = workflow('many', async () => {
  await each(['ann', 'bo'], { key: (who) => who, subject: (who) => who }, async (who) => decide(who))
})
export default defineConfig({ store: 'sqlite:./store.db', workflows: [grant, many] })
`,
}

let bundle: string

/** a changed copy of the bundle, and what its verifier says of it */
function tampered(change: (folder: string) => void, ...args: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-evidence-'))
  for (const name of readdirSync(bundle)) writeFileSync(join(folder, name), readFileSync(join(bundle, name)))
  change(folder)
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, 'verify.mjs'), ...args], {
    encoding: 'utf8',
    // nothing of ours is near: no conditions, no packages
    cwd: folder,
    env: { PATH: process.env['PATH'] },
  })
  rmSync(folder, { recursive: true })
  return { status, out: stdout + stderr }
}

type Evidence = { entries: Record<string, unknown>[]; status: string }
function edit(change: (evidence: Evidence) => void): (folder: string) => void {
  return (folder) => {
    const file = join(folder, 'evidence.json')
    const evidence = JSON.parse(readFileSync(file, 'utf8')) as Evidence
    change(evidence)
    writeFileSync(file, JSON.stringify(evidence))
  }
}

const entryOf = ({ entries }: Evidence, kind: string) =>
  entries.find((entry) => entry['kind'] === kind) as Record<string, unknown>

describe('an evidence bundle', () => {
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'spanwise-shop-'))
    bundle = join(folder, 'evidence')
    const decide = step('decide', { decision: 'credit limit' }, async (who: string, { cite }) => {
      cite({ id: 'limit-policy', version: '4' })
      return { limit: 500, who }
    })
    const grant = workflow('grant', async (who: string) => decide(who))
    const path = join(folder, 'store.db')
    const app = await spanwise({ store: `sqlite:${path}`, workflows: [grant] })
    const run = await app.start(grant, 'ann', { subject: 'ann' })
    await run.result()
    await app.close()
    const store = await openStore(`sqlite:${path}`)
    const made = await bundleRun(store, run.id, readKeys([`${path}.audit-key`]), bundle)
    await store.close()
    expect(made).toMatchObject({ entries: 4, decisions: 1 })
    return () => rmSync(folder, { recursive: true })
  })

  it('is checked by Node alone, with a program of less than 200 lines', () => {
    expect(tampered(() => {})).toMatchObject({ status: 0, out: expect.stringContaining('Everything holds: 4 entries') })
    const program = readFileSync(join(bundle, 'verify.mjs'), 'utf8')
    expect(program.split('\n').length).toBeLessThan(200)
    expect([...program.matchAll(/from '(.*?)'/g)].map(([, name]) => name)).toEqual([
      'node:crypto',
      'node:fs',
      'node:path',
    ])
    const key = readFileSync(join(bundle, 'public-key.txt'), 'utf8').trim()
    expect(tampered(() => {}, '--key', key)).toMatchObject({ status: 0 })
  })

  it.each([
    [
      'an edited payload',
      edit((all) => {
        const entry = entryOf(all, 'step.result')
        entry['payload'] = String(entry['payload']).replace('500', '900')
      }),
      'entry 2 (step.result): its content was changed',
    ],
    [
      'edited meta',
      edit((all) => {
        Object.assign(entryOf(all, 'step.result')['meta'] as object, { decision: 'something else' })
      }),
      'entry 2 (step.result): its kind, order, time, attempt or facts were changed',
    ],
    [
      'another time',
      edit((all) => {
        entryOf(all, 'run.completed')['at'] = 5
      }),
      'entry 3 (run.completed): its kind, order, time',
    ],
    [
      'an edited key',
      edit((all) => {
        entryOf(all, 'step.result')['key'] = 'decline#0'
      }),
      'its key was changed',
    ],
    ['a removed entry', edit(({ entries }) => void entries.splice(1, 1)), 'entry 1 is missing'],
    ['a removed end', edit(({ entries }) => void entries.pop()), 'the end of the run is missing'],
    ['a swapped pair', edit(({ entries }) => void entries.reverse()), 'not in their order'],
    [
      'content that is taken away',
      edit((all) => {
        entryOf(all, 'step.result')['payload'] = null
      }),
      'its content is missing, and it is not marked as erased',
    ],
    [
      'a new leaf for a changed entry',
      edit((all) => {
        entryOf(all, 'step.result')['leaf'] = Buffer.alloc(32, 7).toString('base64')
      }),
      'its kind, order',
    ],
    [
      'a checkpoint over something else',
      (folder: string) => {
        const file = join(folder, 'checkpoint.txt')
        const [origin, size, , ...rest] = readFileSync(file, 'utf8').split('\n')
        writeFileSync(file, [origin, size, Buffer.alloc(32).toString('base64'), ...rest].join('\n'))
      },
      'the checkpoint is not signed by',
    ],
  ] as const)('with %s does not hold', (_, change, expected) => {
    // biome-ignore format: one case each
    const { status, out } = tampered(change)
    expect(out).toContain(expected)
    expect(status).toBe(1)
  })

  it('with a checkpoint that somebody else signed does not hold under the published key', () => {
    const key = readFileSync(join(bundle, 'public-key.txt'), 'utf8').trim()
    const forged = (folder: string): void => {
      const note = readFileSync(join(bundle, 'checkpoint.txt'), 'utf8')
      const forger = makeSigner((key.split('+') as [string])[0])
      writeFileSync(join(folder, 'checkpoint.txt'), signNote(note.slice(0, note.lastIndexOf('\n\n') + 1), [forger]))
      writeFileSync(join(folder, 'public-key.txt'), forger.text)
    }
    // whole in itself: which is why the key has to come from elsewhere
    expect(tampered(forged)).toMatchObject({ status: 0, out: expect.stringContaining('Compare it') })
    expect(tampered(forged, '--key', key)).toMatchObject({
      status: 1,
      out: expect.stringContaining('is not signed by'),
    })
  })

  it('has a page that holds what happened and loads nothing', () => {
    const page = readFileSync(join(bundle, 'report.html'), 'utf8')
    for (const text of ['credit limit', 'limit-policy', 'limit: 500', 'decided on credit limit'])
      expect(page).toContain(text)
    expect(page).not.toMatch(/<script|<img|<link|url\(|@import/)
    expect(page.match(/https?:\/\/[^"<\s]+/g)).toEqual(['https://nodejs.org'])
  })
})

it('what users wrote cannot become part of the page', async () => {
  const shopping = project(files)
  await shopping.cli('run', 'grant', '<script>alert(1)</script>', '--id', 'x')
  await shopping.cli('audit', 'bundle', 'grant:x', '--out', 'b')
  const page = readFileSync(join(shopping.folder, 'b/report.html'), 'utf8')
  expect(page).not.toContain('<script')
  expect(page).toContain('&#60;script&#62;')
})

it('a zip holds the same files; what is there already is not written over; what an interrupted export left is taken away', async () => {
  const shopping = project(files)
  const at = (name: string) => join(shopping.folder, name)
  await shopping.cli('run', 'grant', 'ann', '--id', 'one')
  // a folder is in the way of the file, as one of a process that was killed would be
  mkdirSync(at('one.zip.part'))
  writeFileSync(at('one.zip.part/report.html'), 'half')
  expect(await shopping.cli('audit', 'bundle', 'grant:one', '--out', 'one.zip')).toMatchObject({ code: 0 })
  expect(existsSync(at('one.zip.part'))).toBe(false)
  await shopping.cli('audit', 'bundle', 'grant:one', '--out', 'one')
  expect(members(readFileSync(at('one.zip')))).toEqual(
    new Map(readdirSync(at('one')).map((name) => [name, readFileSync(join(at('one'), name), 'utf8')])),
  )
  const again = await shopping.cli('audit', 'bundle', 'grant:one', '--out', 'one')
  expect(again).toMatchObject({ code: 1, err: expect.stringContaining('--out') })
  const lost = await shopping.cli('audit', 'bundle', 'grant:one', '--out', 'spanwise.config.ts/x')
  expect(lost.code).toBe(1)
  expect(readdirSync(shopping.folder).filter((name) => name.includes('.part'))).toEqual([])
})

it('an export that is killed leaves nothing by its name, and the next one is whole', async () => {
  const shopping = project(files)
  const at = (name: string) => join(shopping.folder, name)
  await shopping.cli('run', 'grant', 'ann', '--id', 'one')
  for (const wait of [150, 300, 450, 600]) {
    const running = shopping.begin(['audit', 'bundle', 'grant:one', '--out', 'e'])
    await new Promise((resolve) => setTimeout(resolve, wait))
    running.child.kill('SIGKILL')
    await running.ended
    // by its name there is all of it, or nothing
    if (existsSync(at('e'))) {
      expect(spawnSync(process.execPath, [at('e/verify.mjs')]).status).toBe(0)
      rmSync(at('e'), { recursive: true })
    }
  }
  expect(await shopping.cli('audit', 'bundle', 'grant:one', '--out', 'e')).toMatchObject({ code: 0 })
  expect(spawnSync(process.execPath, [at('e/verify.mjs')]).status).toBe(0)
  expect(existsSync(at('e.part'))).toBe(false)
})

it('a subject is given what is about it, and nothing that is about somebody else', async () => {
  const shopping = project(files)
  const at = (name: string) => join(shopping.folder, name)
  await shopping.cli('run', 'grant', 'ann', '--id', 'one', '--subject', 'ann')
  await shopping.cli('run', 'grant', 'cy', '--id', 'two', '--subject', 'cy')
  await shopping.cli('run', 'many', '--id', 'three')
  const made = await shopping.cli('audit', 'subject', 'ann', '--out', 'ann')
  expect(made).toMatchObject({ code: 0, out: expect.stringContaining('in 2 runs about ann') })
  const { runs } = JSON.parse(readFileSync(at('ann/subject.json'), 'utf8'))
  expect(runs.map(({ workflow, whole }: { workflow: string; whole: boolean }) => [workflow, whole])).toEqual([
    ['grant', true],
    ['many', false],
  ])
  const all = readdirSync(at('ann/runs'))
    .map((name) => readFileSync(join(at('ann/runs'), name), 'utf8'))
    .join('')
  const page = readFileSync(at('ann/index.html'), 'utf8')
  for (const text of [all, page]) {
    expect(text).toContain('limit-policy')
    expect(text).not.toMatch(/"bo"|'bo'|"cy"/)
  }
  expect(JSON.parse((await shopping.cli('audit', 'subject', 'nobody', '--out', 'n', '--json')).out)).toMatchObject({
    runs: 0,
  })
})
