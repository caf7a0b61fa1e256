import { collectEvidence, openCheckpoint, type Verifier, verifierText, writeExport } from '../../audit/index.ts'
import type { Store } from '../../journal/index.ts'
import type { Backend } from '../backend.ts'
import { decisionOf, decisionsOf, readStory } from '../decisions/record.ts'
import { explainRun } from '../explain/explain.ts'
import { fileBackend } from '../file.ts'
import { unknownRun } from '../unknown-run.ts'
import { report } from './report.ts'

/** Evidence, written to a new folder or zip file. @throws RUN_UNKNOWN, NOT_SEALED, EXPORT_EXISTS */
export async function bundleRun(
  store: Store,
  run: string,
  keys: readonly Verifier[],
  out: string,
): Promise<{ readonly entries: number; readonly decisions: number; readonly files: readonly string[] }> {
  const { files, ...counted } = await bundleFiles(store, run, keys)
  writeExport(out, files)
  return { ...counted, files: [...files.keys()] }
}

/**
 * All that is on record about one run, with proofs, for somebody who has neither the store nor this program. The store may be worked
 * on meanwhile: what is taken is what one checkpoint has under it.
 * @throws RUN_UNKNOWN, NOT_SEALED
 */
export async function bundleFiles(
  store: Store,
  run: string,
  keys: readonly Verifier[],
): Promise<{ readonly entries: number; readonly decisions: number; readonly files: ReadonlyMap<string, string> }> {
  const row = await store.run(run)
  if (row === undefined) throw unknownRun(run)
  const { evidence, checkpoint } = await collectEvidence(store, row)
  const opened = openCheckpoint(checkpoint, keys)
  const key = (opened.signedBy[0] as Verifier).text
  const backend: Backend = fileBackend(store)
  const story = await readStory(backend, run)
  // what came meanwhile has no proof here
  const events = story.events.slice(0, evidence.entries.length)
  const decisions = decisionsOf(events).map((end) => decisionOf({ ...story, events }, end))
  const content = {
    evidence,
    explanation: await explainRun(backend, run),
    decisions,
    events,
    checkpoint: { ...opened, at: opened.at === undefined ? undefined : new Date(opened.at) },
    key,
  }
  const files = new Map([
    ['README.txt', readme(row.workflow, run)],
    ['report.html', report(content)],
    ['evidence.json', `${JSON.stringify(evidence, null, 1)}\n`],
    ['checkpoint.txt', checkpoint],
    ['public-key.txt', `${key}\n`],
    ['verify.mjs', verifierText()],
  ])
  return { entries: evidence.entries.length, decisions: decisions.length, files }
}

function readme(workflow: string, run: string): string {
  return `What is on record about run ${run} of "${workflow}".

report.html      to read, in any browser, also without a network
evidence.json    every entry with its content and its proof
checkpoint.txt   a signed promise about the whole log (c2sp.org/tlog-checkpoint)
public-key.txt   the key that it is signed with (c2sp.org/signed-note)
verify.mjs       checks all of it: node verify.mjs --key <the published key>

The key in this bundle proves nothing by itself: compare it with the one that the operator published.
`
}
