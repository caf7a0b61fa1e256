import { writeExport } from '../../audit/index.ts'
import type { Entry, Store } from '../../journal/index.ts'
import { operationKey } from '../decisions/list.ts'
import { decisionOf, decisionsOf, readStory } from '../decisions/record.ts'
import { type RunEvent, toEvent } from '../event.ts'
import { explainRun } from '../explain/explain.ts'
import { moment, operationName } from '../explain/words.ts'
import { fileBackend } from '../file.ts'
import { jsonable } from '../json.ts'
import { html } from './html.ts'
import { kindWords } from './kind-words.ts'
import { style } from './style.ts'

export interface SubjectExport {
  readonly runs: number
  readonly entries: number
  readonly files: readonly string[]
}

/** What is on record, written to a new folder or zip file. @throws EXPORT_EXISTS */
export async function exportSubject(store: Store, subject: string, out: string): Promise<SubjectExport> {
  const { files, ...counted } = await subjectFiles(store, subject)
  writeExport(out, files)
  return { ...counted, files: [...files.keys()] }
}

/**
 * All that is on record about one person or thing: runs that are about it, and its own entries in runs about others. What belongs to
 * somebody else in those runs is left out.
 * @param tenant only what is on record there
 */
export async function subjectFiles(
  store: Store,
  subject: string,
  tenant?: string,
): Promise<{ readonly runs: number; readonly entries: number; readonly files: ReadonlyMap<string, string> }> {
  const token = store.info.token('subject', subject)
  const backend = fileBackend(store)
  const files = new Map<string, string>()
  const index = []
  let count = 0
  for (const run of await store.runsOfSubject(subject)) {
    const row = await store.run(run)
    if (row === undefined || (tenant !== undefined && row.tenant !== tenant)) continue
    const isAbout = (entry: Pick<Entry, 'subject'>): boolean => (entry.subject ?? row.subject) === token
    const entries = (await store.entries(run)).filter(isAbout)
    const about = new Set(entries.map((entry) => entry.index))
    const story = await readStory(backend, run)
    const decisions = decisionsOf(story.events).filter((end) => about.has(end.index))
    const whole = row.subject === token
    count += entries.length
    const content = {
      run,
      workflow: row.workflow,
      tenant: row.tenant,
      status: row.status,
      began: new Date(row.createdAt),
      // a run about somebody else is not told: only what in it is about this subject
      story: whole ? (await explainRun(backend, run)).sentences : undefined,
      decisions: whole
        ? decisions.map((end) => decisionOf(story, end))
        : decisions.map(({ index: at }) => `${run}/${at}`),
      entries: entries.map((entry) => ({ ...toEvent(entry), erased: entry.erased })),
    }
    files.set(`runs/${run}.json`, jsonText(content))
    index.push({ ...content, whole })
  }
  files.set(
    'subject.json',
    jsonText({
      subject,
      store: store.info.id,
      runs: index.map(({ run, workflow, status, began, whole }) => ({ run, workflow, status, began, whole })),
    }),
  )
  files.set('index.html', page(subject, index))
  return { runs: index.length, entries: count, files }
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(jsonable(value), null, 1)}\n`
}

interface Told {
  readonly run: string
  readonly workflow: string
  readonly status: string
  readonly began: Date
  readonly story: readonly { readonly text: string }[] | undefined
  readonly entries: readonly {
    readonly index: number
    readonly kind: RunEvent['kind']
    readonly meta: RunEvent['meta']
    readonly key: string
    readonly at: Date
    readonly payload: unknown
    readonly erased: boolean
  }[]
}

function page(subject: string, runs: readonly Told[]): string {
  return html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>What is on record about ${subject}</title><style>${{ html: style }}</style></head>
<body><main>
<p class="soft small">Subject access</p>
<h1>What is on record about ${subject}</h1>
<p>${runs.length === 0 ? 'Nothing.' : `${runs.length} ${runs.length === 1 ? 'process' : 'processes'}. The files in the folder runs hold the same as data.`}</p>
${runs.map(
  ({ run, workflow, status, began, story, entries }) => html`<h2>${workflow}</h2>
<p class="soft small"><code>${run}</code> · began ${moment(began)} · ${status}</p>
${story && html`<ol class="story">${story.map(({ text }) => html`<li>${text}</li>`)}</ol>`}
<p class="soft small">${entries.length} ${entries.length === 1 ? 'entry' : 'entries'}</p>
${entries.map(
  ({ index, kind, key, at, payload, erased, meta }) =>
    html`<details><summary><span class="n">${index}</span><span class="kind">${kindWords({ kind, meta })}</span> ${operationName(operationKey(key))}<span class="when">${moment(at)}</span></summary><pre>${erased && payload === undefined ? '(erased)' : jsonText(payload)}</pre></details>`,
)}`,
)}
</main></body></html>
`.html
}
