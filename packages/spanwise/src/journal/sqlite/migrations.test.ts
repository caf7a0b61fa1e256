import { DatabaseSync } from 'node:sqlite'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { migrate, schemaVersion } from './migrations.ts'

let db: DatabaseSync
beforeEach(() => {
  db = new DatabaseSync(':memory:')
  onTestFinished(() => db.close())
})
const version = (): unknown => db.prepare('PRAGMA user_version').get()?.['user_version']
const tables = (): readonly unknown[] =>
  db
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
    .all()
    .map((row) => row['name'])

describe('migrate', () => {
  it('brings an empty file to this version, once', () => {
    migrate(db, 'here')
    expect(version()).toBe(schemaVersion)
    const before = tables()
    migrate(db, 'here')
    expect(tables()).toEqual(before)
  })

  it('goes on from the version that it finds', () => {
    migrate(db, 'here', ['CREATE TABLE one (a)'])
    migrate(db, 'here', ['CREATE TABLE never (a)', 'CREATE TABLE two (a)', 'ALTER TABLE two ADD COLUMN b'])
    expect([version(), tables()]).toEqual([3, ['one', 'two']])
  })

  it('applies a step whole or not at all, and keeps the ones before it', () => {
    const steps = ['CREATE TABLE one (a)', 'CREATE TABLE two (a); SELECT * FROM nowhere']
    expect(() => migrate(db, 'here', steps)).toThrow('nowhere')
    expect([version(), tables(), db.isTransaction]).toEqual([1, ['one'], false])
  })

  it('refuses a newer store and names both versions', () => {
    migrate(db, 'here')
    db.exec('PRAGMA user_version = 77')
    expect(() => migrate(db, '/data/a.db')).toThrow(
      expect.objectContaining({
        code: 'STORE_TOO_NEW',
        message: `/data/a.db has schema version 77; this version of Spanwise knows versions up to ${schemaVersion}.`,
      }),
    )
  })

  it('refuses a database of another program', () => {
    db.exec('CREATE TABLE theirs (a); PRAGMA user_version = 1')
    expect(() => migrate(db, 'here')).toThrow(expect.objectContaining({ code: 'STORE_FOREIGN' }))
    expect(tables()).toEqual(['theirs'])
  })

  it('may share a file with users’ own tables', () => {
    db.exec('CREATE TABLE theirs (a)')
    migrate(db, 'here')
    expect(tables()).toContain('theirs')
  })

  it('names every table of ours so that users’ tables cannot collide', () => {
    migrate(db, 'here')
    for (const name of tables()) expect(name).toMatch(/^(spanwise|sqlite)_/)
  })
})
