import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { project, shop } from './project.ts'

it('what a run recorded is sealed when its process ends, and verifies', async () => {
  const shopping = project(shop)
  await shopping.cli('run', 'greet', 'Ada')
  const { out, code } = await shopping.cli('audit', 'verify')
  expect(code).toBe(0)
  expect(out).toContain('everything holds')
  expect(out).toContain('nothing that was sealed is missing')
  const { ok, size, sealed } = JSON.parse((await shopping.cli('audit', 'verify', '--json')).out)
  expect({ ok, sealed }).toEqual({ ok: true, sealed: size })
})

it('an entry is proven to somebody who has the public key and the proof, and neither store nor secret', async () => {
  const shopping = project(shop)
  await shopping.cli('run', 'greet', 'Ada', '--id', 'one')
  const key = (await shopping.cli('audit', 'key')).out
  expect((await shopping.cli('audit', 'prove', 'greet:one', '1', '--out', 'proof.json')).code).toBe(0)
  const auditor = project({ 'proof.json': readFileSync(join(shopping.folder, 'proof.json'), 'utf8'), 'owner.key': key })
  expect(await auditor.cli('audit', 'check', 'proof.json', '--key', 'owner.key')).toMatchObject({ code: 0 })
  const forged = JSON.parse(readFileSync(join(auditor.folder, 'proof.json'), 'utf8'))
  auditor.write({ 'proof.json': JSON.stringify({ ...forged, leaf: Buffer.alloc(32).toString('base64') }) })
  const refused = await auditor.cli('audit', 'check', 'proof.json', '--key', 'owner.key')
  expect(refused).toMatchObject({ code: 1, out: expect.stringContaining('does not prove') })
  expect(await auditor.cli('audit', 'check', 'proof.json')).toMatchObject({ code: 2 })
})

it('a changed store is told from a good one, with the entry named and exit code 1', async () => {
  const shopping = project(shop)
  await shopping.cli('run', 'greet', 'Ada')
  const db = new DatabaseSync(join(shopping.folder, 'data/store.db'))
  for (const row of db.prepare('SELECT pos, data FROM spanwise_segments').all()) {
    const data = Buffer.from(row['data'] as Uint8Array)
    const at = data.indexOf('hello Ada')
    if (at < 0) continue
    data.write('hello Eve', at)
    db.prepare('UPDATE spanwise_segments SET data = ? WHERE pos = ?').run(data, row['pos'] as number)
  }
  db.close()
  const { out, code } = await shopping.cli('audit', 'verify')
  expect(code).toBe(1)
  expect(out).toMatch(/the first that does not fit: entry \d+ of run/)
  expect(out).toContain('its content was changed')
})

it('without a key beside the store one is asked for; a store that was cut back is found by a kept file', async () => {
  const shopping = project(shop)
  await shopping.cli('run', 'greet', 'Ada')
  const at = (name: string) => join(shopping.folder, name)
  const key = (await shopping.cli('audit', 'key')).out
  const kept = readFileSync(at('data/store.db.checkpoints'), 'utf8')
  rmSync(at('data/store.db.audit-key'))
  const asked = await shopping.cli('audit', 'verify')
  expect(asked).toMatchObject({ code: 1, err: expect.stringContaining('--key') })
  expect(await shopping.cli('audit', 'verify', '--key', key.trim())).toMatchObject({ code: 0 })
  writeFileSync(at('kept'), kept)
  const db = new DatabaseSync(at('data/store.db'))
  db.exec(
    'DELETE FROM spanwise_checkpoints; DELETE FROM spanwise_segments WHERE pos = (SELECT max(pos) FROM spanwise_segments)',
  )
  db.close()
  const cut = await shopping.cli('audit', 'verify', '--key', key.trim(), '--since', 'kept')
  expect(cut).toMatchObject({ code: 1, out: expect.stringContaining('are gone') })
})
