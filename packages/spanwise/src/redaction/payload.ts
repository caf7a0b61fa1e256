import { type EntryKind, encode, type Meta, SpanwiseError } from '../journal/index.ts'
import {
  decisionParts,
  itemParts,
  orderParts,
  type Part,
  questionParts,
  reasonParts,
  redactParts,
  startParts,
} from './parts.ts'
import type { Redacted, Redactor } from './redactor.ts'

/** What of an entry is looked at, and what becomes of it. */
export interface Draft {
  readonly kind: EntryKind
  readonly key: string
  readonly meta?: Meta | undefined
  readonly payload?: string | undefined
}

/** Content of an entry that code gets back when it is delivered, or when the run goes on from it: all of it, or these parts. */
const values: Readonly<Partial<Record<EntryKind, readonly Part[] | 'all'>>> = {
  'run.started': startParts,
  'run.debounced': startParts,
  'run.continued': startParts,
  'run.resumed': orderParts,
  'run.completed': 'all',
  'signal.received': 'all',
  'approval.decided': decisionParts,
  'child.settled': [{ text: 'outcome' }],
  'model.result': 'all',
  'item.pulled': itemParts,
  'scope.snapshot': 'all',
}

/** Content that no code reads, where not all of an entry is content. */
const unread: Readonly<Partial<Record<EntryKind, readonly Part[]>>> = {
  'approval.requested': questionParts,
  'run.cancelling': reasonParts,
}

/** Of these it is their sender who is told; here it is too late. */
const sent: ReadonlySet<EntryKind> = new Set<EntryKind>([
  'signal.received',
  'approval.decided',
  'child.settled',
  'run.resumed',
])

/**
 * An entry without what must not be written. What it says of itself afterwards, `redacted` in its meta, is what was found and how often.
 * @throws VALUE_REFUSED where values with something in them are refused, REDACTION_FAILED
 */
export function redactEntry<E extends Draft>(entry: E, redactor: Redactor): E {
  const { payload } = entry
  if (payload === undefined || redactor.isIdle) return entry
  // most kinds are one line; those of steps are input and outcome
  const lines = payload.split('\n')
  const found: string[] = []
  for (let at = 0; at < lines.length; at++) {
    const redacted = redactLine(entry, lines[at] as string, at, redactor)
    if (redacted === undefined) continue
    found.push(redacted.found)
    lines[at] = redacted.text
  }
  if (found.length === 0) return entry
  return { ...entry, payload: lines.join('\n'), meta: { ...entry.meta, redacted: sum(found) } }
}

function redactLine(entry: Draft, line: string, at: number, redactor: Redactor): Redacted | undefined {
  const { kind } = entry
  const parts = values[kind] ?? (kind === 'step.result' && at === 1 ? 'all' : undefined)
  if (parts === undefined) return redactUnread(kind, line, redactor)
  if (redactor.values === 'keep') return undefined
  const redacted = parts === 'all' ? redactor.encoded(line) : redactParts(line, parts, redactor)
  if (redacted !== undefined && redactor.values === 'refuse' && !sent.has(kind)) throw refused(entry, redacted.found)
  return redacted
}

/**
 * What no code reads is never a reason to stop: where it cannot be told what is in it, none of it is written. But nobody can answer a
 * question that they cannot read.
 */
function redactUnread(kind: EntryKind, text: string, redactor: Redactor): Redacted | undefined {
  const parts = unread[kind]
  try {
    return parts === undefined ? redactor.encoded(text) : redactParts(text, parts, redactor)
  } catch (error) {
    if (kind === 'approval.requested') throw error
    // an error is still one, for whoever catches it; and it is no plain JSON
    return { text: text.startsWith('~') ? encode(error) : '"[not written]"', found: 'everything 1' }
  }
}

function refused({ key, kind }: Draft, found: string): SpanwiseError {
  return valueRefused(key === '' ? `What ${kind} holds` : `What "${key}" gave`, found)
}

const pass =
  "Fetch secrets inside the step that uses them, pass ids instead of people's data, or say redact: { values: 'label' } where a label in its place does no harm."

export function valueRefused(what: string, found: string, hint = pass): SpanwiseError {
  return new SpanwiseError({
    code: 'VALUE_REFUSED',
    message: `${what} holds what must not be written: ${found}.`,
    hint: `It was not written. ${hint}`,
  })
}

/** of the lines of one entry */
function sum(found: readonly string[]): string {
  const tally = new Map<string, number>()
  for (const part of found.flatMap((one) => one.split(', '))) {
    const at = part.lastIndexOf(' ')
    const kind = part.slice(0, at)
    tally.set(kind, (tally.get(kind) ?? 0) + Number(part.slice(at + 1)))
  }
  return [...tally].map(([kind, count]) => `${kind} ${count}`).join(', ')
}
