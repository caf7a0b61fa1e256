import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { project } from './project.ts'

const config = (more: string): string => `
  import { defineConfig, keyFile, step, workflow } from 'spanwise'
  const add = step('add', (n: number) => n + 1)
  const count = workflow('count', async (n: number) => add(n))
  export default defineConfig({ store: 'sqlite:./store.db', workflows: [count], ${more} })`

it('a store is encrypted, its key is rotated, and its proofs are checked without it', {
  timeout: 240_000,
}, async () => {
  const shop = project({ 'spanwise.config.ts': config('') })
  const key = join(shop.folder, 'store.key')
  expect((await shop.cli('run', 'count', '41', '--id', 'one')).out).toBe('42\n')
  expect((await shop.cli('keys', 'new', '--out', key)).out).toContain('readable by you only')
  expect((await shop.cli('keys', 'new', '--out', key)).err).toContain('is there already')
  shop.write({ 'spanwise.config.ts': config(`encryption: { keys: keyFile(${JSON.stringify(key)}) }`) })
  expect((await shop.cli('run', 'count', '1')).err).toContain('spanwise store encrypt')
  expect((await shop.cli('store', 'encrypt')).out).toMatch(/is encrypted: 3 entries/)
  expect((await shop.cli('run', 'count', '1', '--id', 'two')).out).toBe('2\n')
  const before = JSON.parse((await shop.cli('keys', 'status', '--json')).out) as Record<string, string>
  writeFileSync(key, `${(await shop.cli('keys', 'new')).out}${readFileSync(key, 'utf8')}`)
  expect((await shop.cli('keys', 'status')).out).toContain('there is a newer key')
  const after = JSON.parse((await shop.cli('keys', 'rotate', '--json')).out) as Record<string, string>
  expect(after['keyId']).toBe(after['newest'])
  expect(after['keyId']).not.toBe(before['keyId'])
  expect((await shop.cli('keys', 'rotate', '--store-key')).code).toBe(0)
  expect((await shop.cli('audit', 'verify')).out).toContain('everything holds')
  const blind = await shop.cli('audit', 'verify', '--store', 'sqlite:./store.db')
  expect(blind.out).toContain('encrypted and not checked, without the key')
  expect(blind.out).toContain('everything holds')
  expect((await shop.cli('runs', 'show', 'count:one', '--store', 'sqlite:./store.db')).err).toContain(
    'no key was given',
  )
})

it('content is held, erased, and erased again after a restore; who looked is told', { timeout: 240_000 }, async () => {
  const shop = project({ 'spanwise.config.ts': config(`oversight: { access: 'reason', secondPerson: true }`) })
  await shop.cli('run', 'count', '41', '--id', 'one')
  await shop.cli('store', 'backup', 'backup.db')
  expect((await shop.cli('runs', 'show', 'count:one')).err).toContain('--why')
  expect((await shop.cli('runs', 'show', 'count:one', '--why', 'ticket 7')).out).toContain('42')
  expect((await shop.cli('audit', 'access')).out).toContain('ticket 7')
  const erase = ['audit', 'erase', '--run', 'count:one', '--reason', 'asked to', '--by', 'ann', '--yes']
  expect((await shop.cli(...erase)).err).toContain('Nobody else agreed')
  await shop.cli('audit', 'hold', '--run', 'count:one', '--reason', 'case 12')
  expect((await shop.cli('audit', 'holds')).out).toContain('case 12')
  expect((await shop.cli(...erase, '--second', 'bob')).err).toContain('case 12')
  await shop.cli('audit', 'release', '--run', 'count:one', '--reason', 'closed')
  expect((await shop.cli(...erase, '--second', 'bob')).out).toContain('is erased, by ann')
  expect((await shop.cli('audit', 'erasures')).out).toMatch(/ann, bob +asked to/)
  expect((await shop.cli('audit', 'verify')).out).toContain('the content of 3 erased')
  expect((await shop.cli('store', 'restore', 'backup.db')).out).toContain('1 that were erased since are erased again')
  expect((await shop.cli('runs', 'show', 'count:one', '--why', 'looking')).out).not.toContain('42')
})
