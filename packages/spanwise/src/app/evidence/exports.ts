import { keyFile, readKeys } from '../../audit/index.ts'
import { SpanwiseError, type Store } from '../../journal/index.ts'
import type { AuditOptions } from '../sealing.ts'

/** Opens the store itself, where an app only asks who has it. */
export type WithStore = <T>(work: (store: Store) => Promise<T>) => Promise<T>

/** Files by name: what `spanwise audit bundle` and `spanwise audit subject` write. */
export type ExportedFiles = ReadonlyMap<string, string>

/** @throws RUN_UNKNOWN, NOT_SEALED, AUDIT_KEY_MISSING */
export async function evidenceOf(
  withStore: WithStore,
  run: string,
  audit: AuditOptions | false | undefined,
): Promise<ExportedFiles> {
  const { bundleFiles } = await import('./bundle.ts')
  return withStore(async (store) => {
    const named = audit === false ? undefined : audit?.key
    const file = named ?? (store.info.path === undefined ? undefined : keyFile(store.info.path))
    if (file === undefined) throw noKey()
    return (await bundleFiles(store, run, readKeys([file]))).files
  })
}

/** @param read tells that a run is read, before anything of it is */
export async function recordOf(
  withStore: WithStore,
  subject: string,
  tenant: string | undefined,
  read: (run: string) => Promise<unknown>,
): Promise<ExportedFiles> {
  const { subjectFiles } = await import('./subject.ts')
  return withStore(async (store) => {
    for (const run of await store.runsOfSubject(subject)) {
      const row = await store.run(run)
      if (row !== undefined && (tenant === undefined || row.tenant === tenant)) await read(run)
    }
    return (await subjectFiles(store, subject, tenant)).files
  })
}

function noKey(): SpanwiseError {
  return new SpanwiseError({
    code: 'AUDIT_KEY_MISSING',
    message: 'A store in memory is not sealed, so there is nothing to prove.',
    hint: 'Open a store in a file: sqlite:./spanwise.db',
  })
}
