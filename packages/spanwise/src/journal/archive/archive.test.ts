import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { archiveFolder } from '../sqlite/archived.ts'
import { openSqliteStore } from '../sqlite/client.ts'
import { openCore } from '../sqlite/core.ts'
import { change, entry, finish, owned } from '../testsuite/build.testsuite.ts'
import { writeArchive } from './write.ts'

it('erasing reaches what is in archives, by the secrets and keys that stay in the store', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-archive-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'store.db')
  let store = await openSqliteStore(path)
  const ada = (await store.subjects(['ada'])).get('ada')?.token
  const runs = [await owned(store, { subject: 'ada' }), await owned(store), await owned(store)]
  const writer = await writeArchive(archiveFolder(path), store.info.id, 0)
  const written = []
  for (const run of runs) {
    await store.append(change(run, [entry(1, 'step.result', { payload: '"own"' })]))
    await store.append(change(run, [entry(2, 'step.result', { payload: '"about ada"', subject: ada })]))
    await finish(store, run, '"done"', 3)
    const { frame, ...exported } = (await store.exportRun(run.run))!
    written.push({ ...exported, ...(await writer.add(frame)) })
  }
  await writer.finish()
  expect(await store.archiveRuns({ file: writer.file, at: 0, runs: written })).toBe(3)
  const payloads = async (i: number) => (await store.entries(runs[i]!.run)).map(({ payload }) => payload)
  expect(await payloads(1)).toEqual(['{"input":1}', '"own"', '"about ada"', '"done"'])
  await store.close()

  const core = openCore(path)
  core.execute([
    { op: 'erase', argument: { subject: 'ada' } },
    { op: 'erase', argument: { run: runs[2]!.run } },
  ])
  core.close()
  store = await openSqliteStore(path)
  expect(await payloads(0)).toEqual([undefined, undefined, undefined, undefined])
  expect(await payloads(1)).toEqual(['{"input":1}', '"own"', undefined, '"done"'])
  expect(await payloads(2)).toEqual([undefined, undefined, undefined, undefined])
  // and taking a run back brings nothing of it to life
  expect(await store.restoreRun(runs[1]!.run)).toBe(true)
  expect(await payloads(1)).toEqual(['{"input":1}', '"own"', undefined, '"done"'])
  expect((await store.entries(runs[1]!.run)).map(({ erased }) => erased)).toEqual([false, false, true, false])
  await store.close()
})
