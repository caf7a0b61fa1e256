import { decode } from '../codec.ts'
import { citeName, insideStep } from '../decisions.ts'
import type { Entry, EntryKind, Meta } from '../entry.ts'
import { kindCodes } from '../kinds.ts'
import type { Context } from './context.ts'
import { entryAt } from './entries.ts'
import { rowAt, writeRow } from './log.ts'
import { type RawEntry, readSegment } from './segment.ts'

/** rows of the log that are read at once: other work of the store waits meanwhile */
const rowsAtOnce = 64

const code = (kind: EntryKind): number => kindCodes[kind]
const modelKinds: ReadonlySet<number> = new Set(
  (['model.call', 'model.attempt', 'model.result', 'model.error', 'model.rejected'] as const).map(code),
)
const [stepResult, stepError] = [code('step.result'), code('step.error')]
const [modelResult, modelError] = [code('model.result'), code('model.error')]
const [decided, note] = [code('approval.decided'), code('note')]

/** Takes in the next part of the log. True when all of it is in the index. */
export function indexDecisions(context: Context): boolean {
  writeRow(context)
  // without the keys there is nothing to take documents and people from: whoever has them takes it in
  if (context.vault.state === 'locked') return true
  const from = Number(context.sql(`SELECT value FROM spanwise_store WHERE name = 'decided'`).get()?.['value'] ?? 1)
  const rows = context
    .sql('SELECT pos, n, data FROM spanwise_segments WHERE pos >= ? ORDER BY pos LIMIT ?')
    .all(from, rowsAtOnce) as unknown as readonly { pos: number; n: number; data: Uint8Array }[]
  const last = rows.at(-1)
  if (last === undefined) return true
  const homeOf = homes(context)
  for (const { pos, n, data } of rows) {
    const segment = readSegment(data)
    for (let i = 0; i < n; i++) {
      const kind = segment.kind(i)
      if (!isOfInterest(kind)) continue
      const raw = segment.entry(i)
      if (isPlainStep(context, raw)) continue
      const home = homeOf(raw.runSeq)
      // what a fork took over was decided once, in the other run
      if (home === undefined || raw.index < home.copied) continue
      take(context, raw, pos + i, home.run)
    }
  }
  const next = last.pos + last.n
  context.sql(`INSERT OR REPLACE INTO spanwise_store (name, value) VALUES ('decided', ?)`).run(next)
  return rows.length < rowsAtOnce
}

/** Most entries: a step that asked no model, read no document and does not say that it decides. Whose it is need not be looked up. */
function isPlainStep(context: Context, raw: RawEntry): boolean {
  const { kind, key, meta, runSeq } = raw
  if ((kind !== stepResult && kind !== stepError) || key.includes(insideStep)) return false
  return !(meta.includes('"decision"') && isNamed(raw)) && latest(context, runSeq, key) === undefined
}

function isNamed(raw: RawEntry): boolean {
  return (metaOf(raw)['decision'] ?? false) !== false
}

function isOfInterest(kind: number): boolean {
  return modelKinds.has(kind) || kind === stepResult || kind === stepError || kind === decided || kind === note
}

interface Home {
  readonly run: string
  /** entries below it are a fork's copies */
  readonly copied: number
}

/** undefined of a run that was deleted: nothing of it is taken in */
function homes(context: Context): (runSeq: number) => Home | undefined {
  const known = new Map<number, Home | undefined>()
  return (runSeq) => {
    if (!known.has(runSeq))
      known.set(
        runSeq,
        context
          .sql(
            `SELECT r.run, coalesce(f.copied_to, 0) AS copied FROM spanwise_runs r
             LEFT JOIN spanwise_forks f ON f.run_seq = r.seq WHERE r.seq = ?`,
          )
          .get(runSeq) as Home | undefined,
      )
    return known.get(runSeq)
  }
}

function take(context: Context, raw: RawEntry, position: number, run: string): void {
  const at = raw.key.indexOf(insideStep)
  const { kind } = raw
  if (kind === decided) return takeApproval(context, raw, position, run)
  if (at >= 0) {
    if (kind === note && !raw.key.startsWith(citeName, at + 1)) return
    return addPart(context, raw, raw.key.slice(0, at), position)
  }
  if (kind === note) return
  const isModel = modelKinds.has(kind)
  if (isModel && metaOf(raw)['call'] === 'embedding') return
  if (isModel) addPart(context, raw, raw.key, position)
  if (!isModel || kind === modelResult || kind === modelError) settle(context, raw, position, run)
}

interface Building {
  readonly seq: number
  readonly pos: number | null
  readonly parts: string
}

function latest(context: Context, runSeq: number, key: string): Building | undefined {
  return context
    .sql('SELECT seq, pos, parts FROM spanwise_decisions WHERE run_seq = ? AND key = ? ORDER BY seq DESC LIMIT 1')
    .get(runSeq, key) as Building | undefined
}

function begin(context: Context, runSeq: number, key: string, parts: string): number {
  const { lastInsertRowid } = context
    .sql('INSERT INTO spanwise_decisions (run_seq, key, parts) VALUES (?, ?, ?)')
    .run(runSeq, key, parts)
  return Number(lastInsertRowid)
}

function addPart(context: Context, { runSeq }: RawEntry, key: string, position: number): void {
  const before = latest(context, runSeq, key)
  if (before === undefined || before.pos !== null) {
    // an operation that was reopened uses the answers again that it has
    const parts = JSON.parse(before?.parts ?? '[]') as number[]
    begin(context, runSeq, key, JSON.stringify([...parts, position]))
  } else {
    const parts = [...(JSON.parse(before.parts) as number[]), position]
    context.sql('UPDATE spanwise_decisions SET parts = ? WHERE seq = ?').run(JSON.stringify(parts), before.seq)
  }
}

/** The operation has its outcome: it is a decision if a model was asked in it, or if it says so. */
function settle(context: Context, raw: RawEntry, position: number, run: string): void {
  const { runSeq, key, index, after, at } = raw
  const before = latest(context, runSeq, key)
  const saysSo = isNamed(raw)
  if (before === undefined && !saysSo) return
  const parts = partsAt(context, runSeq, JSON.parse(before?.parts ?? '[]') as number[], run)
  const wasAsked = parts.some(({ kind, meta }) => kind.startsWith('model.') && meta['call'] !== 'embedding')
  for (const part of parts) for (const term of termsOf(context, part)) addTerm(context, term, raw)
  if (!wasAsked && !saysSo) {
    // it read documents, and what it made of them is no decision
    if (before?.pos === null) context.sql('DELETE FROM spanwise_decisions WHERE seq = ?').run(before.seq)
    return
  }
  const seq = before?.pos === null ? before.seq : begin(context, runSeq, key, before?.parts ?? '[]')
  const cost = parts.reduce((sum, { meta }) => sum + number(meta['cost']) + number(meta['wasted']), 0)
  const failed = raw.kind === stepError || raw.kind === modelError ? 1 : 0
  context
    .sql(
      'UPDATE spanwise_decisions SET pos = ?, idx = ?, after = ?, at = ?, failed = ?, cost = ?, subject = ? WHERE seq = ?',
    )
    .run(position, index, after, at, failed, Math.round(cost), raw.subject === '' ? null : raw.subject, seq)
}

function takeApproval(context: Context, raw: RawEntry, position: number, run: string): void {
  const entry = readable(context, run, raw, position)
  addTerm(context, metaOf(raw)['approve'] === true ? 'outcome:approved' : 'outcome:rejected', raw)
  if (entry.payload === undefined) return
  const { by } = decode(entry.payload) as { readonly by?: unknown }
  if (typeof by === 'string') addTerm(context, `approver:${context.token('actor', by)}`, raw)
}

function addTerm(context: Context, term: string, { runSeq, index, after, key, subject }: RawEntry): void {
  context
    .sql(
      'INSERT OR IGNORE INTO spanwise_decision_terms (term, run_seq, idx, after, key, subject) VALUES (?, ?, ?, ?, ?, ?)',
    )
    .run(term, runSeq, index, after, key, subject === '' ? null : subject)
}

function termsOf(context: Context, { kind, meta, payload }: Entry): readonly string[] {
  if (kind === 'note') {
    if (payload === undefined) return []
    const cited = decode(payload) as readonly { readonly id: string; readonly version?: string }[]
    return cited.flatMap(({ id, version }) => [
      documentTerm(context, id),
      ...(version === undefined ? [] : [documentTerm(context, `${id}@${version}`)]),
    ])
  }
  if (kind !== 'model.result') return []
  const { prompt, promptVersion } = meta
  const names = [meta['alias'], meta['model'], meta['answered']].filter((name) => typeof name === 'string')
  const prompts = typeof prompt === 'string' ? [prompt, `${prompt}@${promptVersion ?? ''}`] : []
  return [...names.map((name) => `model:${name}`), ...prompts.map((name) => `prompt:${name}`)]
}

export function documentTerm(context: Pick<Context, 'token'>, name: string): string {
  return `document:${context.token('document', name)}`
}

/** The entries at positions of one run. */
export function partsAt(context: Context, runSeq: number, positions: readonly number[], run: string): readonly Entry[] {
  return positions.flatMap((position) => {
    const row = rowAt(context, position)
    const raw = row.segment.entry(position - row.from)
    return raw.runSeq === runSeq ? [readable(context, run, raw, position)] : []
  })
}

/** What does not open says nothing here: that is for `audit verify` to tell. */
function readable(context: Context, run: string, raw: RawEntry, position: number): Entry {
  try {
    return entryAt(context, run, raw, position)
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'STORE_UNREADABLE') throw error
    return entryAt(context, run, { ...raw, payload: undefined, flags: 0 }, position)
  }
}

function metaOf({ meta }: RawEntry): Meta {
  return meta === '' ? {} : (JSON.parse(meta) as Meta)
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : 0
}
