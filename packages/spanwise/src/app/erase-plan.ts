import { isTerminal, type RunStatus } from '../journal/index.ts'
import { type ActOn, listActs, type Oversight } from './acts.ts'
import type { Backend } from './backend.ts'
import { unknownRun } from './unknown-run.ts'

/** What an erasure would reach. Nothing is done by asking. */
export interface ErasePlan {
  readonly runs: readonly {
    readonly run: string
    readonly workflow: string
    readonly tenant: string
    readonly status: RunStatus
    readonly createdAt: Date
    /** false: only those of its entries that are about the subject */
    readonly whole: boolean
  }[]
  /** how many of them have not ended: those park with `ERASED` where they need what is gone */
  readonly open: number
  /** why legal holds forbid it, and who laid them on */
  readonly holds: readonly { readonly reason: string; readonly by: string; readonly at: Date }[]
  /** somebody else has to agree */
  readonly needsSecond: boolean
}

/** @throws RUN_UNKNOWN */
export async function planErase(backend: Backend, target: ActOn, oversight: Oversight): Promise<ErasePlan> {
  const { token, runs } =
    'run' in target ? { token: undefined, runs: [target.run] } : await backend.about(target.subject)
  const rows = (await Promise.all(runs.map((run) => backend.run(run)))).filter((row) => row !== undefined)
  if ('run' in target && rows.length === 0) throw unknownRun(target.run)
  const ids = new Set(rows.map(({ run }) => run))
  const subjects = new Set([token, ...rows.map(({ subject }) => subject)].filter((one) => one !== undefined))
  const holds = []
  for (let after: string | undefined, first = true; first || after !== undefined; first = false) {
    const page = await listActs(backend, { open: true, limit: 200, ...(after === undefined ? {} : { after }) })
    after = page.after
    holds.push(
      ...page.items.filter(
        ({ kind, run, subject }) =>
          kind === 'held' && ((run !== undefined && ids.has(run)) || (subject !== undefined && subjects.has(subject))),
      ),
    )
  }
  return {
    runs: rows.map(({ run, workflow, tenant, status, createdAt, subject }) => ({
      run,
      workflow,
      tenant,
      status,
      createdAt: new Date(createdAt),
      whole: token === undefined || subject === token,
    })),
    open: rows.filter(({ status }) => !isTerminal(status)).length,
    holds: holds.map(({ reason, by, at }) => ({ reason, by, at })),
    needsSecond: oversight.secondPerson === true,
  }
}
