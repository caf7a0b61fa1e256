import { type App, connect, type RunState } from '../../app/index.ts'
import { currentOwner, isSpanwiseError, type Waits, waitFacts } from '../../journal/index.ts'
import { formatDuration } from '../../workflow/index.ts'
import type { Target } from '../open.ts'
import { plural } from '../output/text.ts'
import type { Finding } from './finding.ts'

/** how long a run may be called running without a word, and wait longer than others, ms */
const long = 3_600_000
/** how long what is due, or late, is left to the worker, ms */
const patience = 60_000

/** @param workflows that the config has, where it could be read */
export async function runs(
  target: Target,
  path: string,
  workflows: readonly string[] | undefined,
  add: (finding: Finding) => void,
): Promise<void> {
  let app: App | undefined
  try {
    app = await connect(target)
    const { queued, running, waiting, 'needs attention': attention, completed, failed } = await app.counts()
    add({
      what: 'runs',
      state: 'good',
      says: `${queued + running} to do, ${waiting} waiting, ${completed} completed, ${failed} failed`,
    })
    if (attention > 0)
      add({
        what: 'runs',
        state: 'notice',
        says: `${attention} ${attention === 1 ? 'needs' : 'need'} attention`,
        mend: 'spanwise failures shows why, by kind; spanwise resume goes on with them.',
      })
    const { items } = await app.list({ status: 'running', limit: 500 })
    const stuck = items.filter(({ updatedAt }) => Date.now() - updatedAt.getTime() > long)
    if (stuck.length > 0) add(stuckRuns(stuck))
    for (const finding of waits(path, workflows)) add(finding)
  } catch (error) {
    const mend = isSpanwiseError(error) ? { mend: error.hint } : {}
    add({ what: 'runs', state: 'bad', says: (error as Error).message, ...mend })
  } finally {
    await app?.close()
  }
}

function stuckRuns(stuck: readonly RunState[]): Finding {
  const named = stuck.slice(0, 3).map(({ id }) => id.slice(0, 12))
  return {
    what: 'runs',
    state: 'notice',
    says: `${stuck.length} running for over an hour without a change of status: ${named.join(', ')}`,
    mend: 'Look whether a step hangs: spanwise runs show <run>. Give steps a timeout.',
  }
}

function waits(path: string, workflows: readonly string[] | undefined): readonly Finding[] {
  const now = Date.now()
  const facts = waitFacts(path, now, patience)
  const works = currentOwner(path) !== undefined
  const findings: Finding[] = []
  const tell = (says: string, mend: string): number => findings.push({ what: 'runs', state: 'notice', says, mend })
  if (facts.older !== undefined)
    findings.push({
      what: 'store',
      state: 'notice',
      says: 'it is older than what was acknowledged from it: it was restored, or lost its end',
      mend: 'spanwise store info says what is missing; when that is known: spanwise store accept.',
    })
  for (const due of facts.due) {
    const { workflow, runs: count, since } = due
    const says = `${plural(count, 'run')} of ${workflow} ${isOrAre(count)} due for ${formatDuration(now - since)} and not taken, like ${short(due)}`
    if (workflows?.includes(workflow) === false)
      tell(
        says,
        `The config has no workflow "${workflow}": add it, or end them: spanwise give-up --workflow ${workflow}`,
      )
    else if (works)
      tell(
        says,
        'The worker may run other code than theirs, an older release, or have no room: start it anew with the latest.',
      )
  }
  for (const late of facts.late) {
    const { workflow, runs: count, since } = late
    // without a worker nothing ends them, and that is said
    if (works)
      tell(
        `${plural(count, 'run')} of ${workflow} ${isOrAre(count)} past the deadline, by up to ${formatDuration(now - since)}, and not ended, like ${short(late)}`,
        `See what it does: spanwise runs show ${short(late)}. A step that does not hear its abort signal holds a run.`,
      )
  }
  for (const one of facts.long) {
    if (now - one.since < long) continue
    tell(
      `${plural(one.runs, 'run')} of ${one.workflow} ${one.runs === 1 ? 'waits' : 'wait'} far longer than the others (${formatDuration(now - one.since)}; half of them less than ${formatDuration(one.usual)}), like ${short(one)}`,
      `See for what: spanwise runs show ${short(one)}. What never comes needs a timeout, or an end: spanwise cancel.`,
    )
  }
  return findings
}

function short({ run }: Waits): string {
  return run.slice(0, 12)
}

function isOrAre(count: number): string {
  return count === 1 ? 'is' : 'are'
}
