import { randomUUID } from 'node:crypto'
import { decode, encode } from '../codec.ts'
import type { Entry, EntryKind } from '../entry.ts'
import type { Act, Acted, ActKind, ActQuery, ActRow, ActTarget } from '../ledger.ts'
import type { Page } from '../page.ts'
import type { Context } from './context.ts'
import { entriesOf, insertEntries } from './entries.ts'
import { type Erasure, erase, forksOf } from './erase.ts'
import type { Target } from './erase-target.ts'
import { ledgerRun, ledgerSecret, ledgerSeq } from './ledger-run.ts'
import { lastIndex } from './places.ts'
import { fromCursor, toCursor } from './queries.ts'
import { runById } from './rows.ts'

export const ledgerOperations = {
  act: (context: Context, act: Act) => perform(context, act),
  acts: (context: Context, query: ActQuery) => acts(context, query),
  erasures: (context: Context, _: undefined) => erasures(context),
} as const

export const ledgerReads = ['acts', 'erasures'] as const

/** What an act is about, as rows know it. */
type Found = Target & { readonly name: string; readonly erasure: Erasure }

function perform(context: Context, act: Act): Acted {
  const found = find(context, act.target)
  if (found === undefined) return { state: 'unknown' }
  if (act.kind === 'erased') {
    const hold = holdOn(context, found)
    if (hold !== undefined) return { state: 'held', hold }
    erase(context, found.erasure)
  }
  if (act.kind === 'released') {
    const { changes } = context.sql('DELETE FROM spanwise_holds WHERE target = ?').run(found.name)
    if (changes === 0) return { state: 'unknown' }
  }
  const row = recordAct(context, act, found.name)
  if (act.kind === 'erased') {
    context
      .sql('INSERT OR IGNORE INTO spanwise_erasures (id, target, at) VALUES (?, ?, ?)')
      .run(row.id, found.name, act.at)
  }
  if (act.kind === 'held') {
    context.sql('INSERT OR REPLACE INTO spanwise_holds (target, idx) VALUES (?, ?)').run(found.name, row.index)
  }
  return { state: 'ok', act: row }
}

function find(context: Context, target: ActTarget): Found | undefined {
  if ('run' in target) {
    const raw = runById(context, target.run)
    return raw === undefined ? undefined : { run: raw.seq, name: `run:${raw.run}`, erasure: { run: raw.run } }
  }
  const token = 'token' in target ? target.token : context.token('subject', target.subject)
  return { subject: token, name: `subject:${token}`, erasure: { token } }
}

/** names and reasons are the payload: they are nobody's facts to count by */
export function recordAct(
  context: Context,
  { kind, reason, by, second, at, id = randomUUID() }: Omit<Act, 'kind' | 'target'> & { readonly kind: ActKind },
  name: string,
  call?: NonNullable<ActRow['call']>,
): ActRow {
  const index = lastIndex(context, ledgerSeq) + 1
  const [what, target] = split(name)
  const entry = {
    index,
    after: index - 1,
    at,
    kind: entryKinds[kind],
    key: '',
    attempt: 0,
    meta: {
      id,
      [what]: target,
      by: context.token('actor', by),
      ...(call === undefined ? {} : { call: call.index, cost: Number(call.cost) }),
    },
    payload: encode({ reason, by, second }, 'act'),
  }
  insertEntries(context, { seq: ledgerSeq, run: ledgerRun(context.id) }, [entry], ledgerSecret(context.key))
  return { index, id, kind, at, run: undefined, subject: undefined, [what]: target, reason, by, second, call }
}

const entryKinds = {
  erased: 'operator.erased',
  held: 'operator.held',
  released: 'operator.released',
  read: 'operator.read',
  confirmed: 'operator.confirmed',
} as const satisfies Record<ActKind, EntryKind>
const kindsOf = new Map<EntryKind, ActKind>(Object.entries(entryKinds).map(([act, kind]) => [kind, act as ActKind]))

function acts(context: Context, { kinds, open, after, limit }: ActQuery): Page<ActRow> {
  if (open === true) return { items: openHolds(context), after: undefined }
  const items: ActRow[] = []
  let to = after === undefined ? lastIndex(context, ledgerSeq) + 1 : fromCursor(after)
  while (to > 0 && items.length <= limit) {
    const from = Math.max(0, to - 200)
    const entries = entriesOf(context, ledger(context), from, to - from)
    for (const entry of entries.toReversed()) {
      const row = toRow(entry)
      if (row !== undefined && (kinds === undefined || kinds.includes(row.kind))) items.push(row)
    }
    to = from
  }
  const shown = items.slice(0, limit)
  const last = shown.at(-1)
  return { items: shown, after: items.length > limit && last !== undefined ? toCursor(last.index) : undefined }
}

function erasures(context: Context): readonly ActRow[] {
  return context
    .sql('SELECT id, target, at FROM spanwise_erasures ORDER BY at')
    .all()
    .map((row) => {
      const [what, target] = split(String(row['target']))
      const none = { index: -1, kind: 'erased', reason: '', by: '', second: undefined } as const
      return {
        ...none,
        id: String(row['id']),
        at: Number(row['at']),
        run: undefined,
        subject: undefined,
        [what]: target,
      }
    })
}

function openHolds(context: Context): readonly ActRow[] {
  return context
    .sql('SELECT idx FROM spanwise_holds ORDER BY idx DESC')
    .all()
    .flatMap(({ idx }) => actAt(context, Number(idx)) ?? [])
}

function actAt(context: Context, index: number): ActRow | undefined {
  const [entry] = entriesOf(context, ledger(context), index, 1)
  return entry === undefined ? undefined : toRow(entry)
}

function ledger(context: Context): { readonly seq: number; readonly run: string } {
  return { seq: ledgerSeq, run: ledgerRun(context.id) }
}

function toRow({ index, kind, at, meta, payload }: Entry): ActRow | undefined {
  const act = kindsOf.get(kind)
  if (act === undefined || payload === undefined) return undefined
  const said = decode(payload) as Pick<ActRow, 'reason' | 'by' | 'second'>
  const { id, run, subject } = meta as { id: string; run?: string; subject?: string }
  const of = meta as { call?: number; cost?: number }
  const call = of.call === undefined ? undefined : { index: of.call, cost: BigInt(of.cost ?? 0) }
  return { index, id, kind: act, at, run, subject, reason: said.reason, by: said.by, second: said.second, call }
}

function split(name: string): readonly ['run' | 'subject', string] {
  const at = name.indexOf(':')
  return [name.slice(0, at) as 'run' | 'subject', name.slice(at + 1)]
}

/** A hold that forbids to erase it: on itself, on what of it would go along, or on whom it is about. */
function holdOn(context: Context, found: Found): ActRow | undefined {
  const row =
    'subject' in found
      ? context
          .sql(
            `SELECT h.idx FROM spanwise_holds h WHERE h.target = 'subject:' || ?1 OR h.target IN (
               SELECT 'run:' || run FROM spanwise_runs WHERE subject = ?1
               UNION ALL SELECT 'run:' || r.run FROM spanwise_subject_runs s JOIN spanwise_runs r ON r.seq = s.run_seq
                 WHERE s.subject = ?1) LIMIT 1`,
          )
          .get(found.subject)
      : [found, ...forksOf(context, found.run)]
          .map((one) =>
            context.sql(`SELECT h.idx FROM spanwise_holds h WHERE h.target IN (${holdsOf('?1')}) LIMIT 1`).get(one.run),
          )
          .find((one) => one !== undefined)
  return row === undefined ? undefined : actAt(context, Number(row['idx']))
}

/** Targets of holds that reach a run, by SQL that gives its number. */
export function holdsOf(seq: string): string {
  return `SELECT 'run:' || run FROM spanwise_runs WHERE seq = ${seq}
    UNION ALL SELECT 'subject:' || subject FROM spanwise_runs WHERE seq = ${seq} AND subject IS NOT NULL
    UNION ALL SELECT 'subject:' || subject FROM spanwise_subject_runs WHERE run_seq = ${seq}`
}
