import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import {
  deriveKey,
  type Entry,
  kindCodes,
  type LogEntry,
  type Meta,
  SpanwiseError,
  type Store,
} from '../../journal/index.ts'
import { inclusionProof } from '../merkle.ts'
import { treeOf } from '../tree.ts'

/** One entry as it is shown to somebody who has no store: with what it takes to hold it against a checkpoint. Bytes are base64. */
export interface ShownEntry {
  readonly index: number
  readonly after: number
  readonly at: number
  readonly kind: string
  /** as stored: with tokens in place of what users made */
  readonly key: string
  readonly attempt: number
  readonly meta: Meta
  /** codec text; null where there is none, or it was erased */
  readonly payload: string | null
  readonly erased: boolean
  readonly commitments: { readonly key: string; readonly payload: string; readonly input: string }
  /** what the commitments to the shown were made with; of this entry alone, and no secret */
  readonly open: { readonly key?: string; readonly payload?: string }
  readonly leaf: string
  readonly position: number
  readonly path: readonly string[]
}

export interface Evidence {
  readonly format: 'spanwise-evidence/1'
  /** id of the store */
  readonly store: string
  readonly run: string
  readonly workflow: string
  readonly tenant: string
  readonly status: string
  readonly entries: readonly ShownEntry[]
}

/** All of a run, each entry with its proof. @throws RUN_UNKNOWN via `run`, NOT_SEALED */
export async function collectEvidence(
  store: Store,
  run: { readonly run: string; readonly workflow: string; readonly tenant: string; readonly status: string },
): Promise<{ readonly evidence: Evidence; readonly checkpoint: string }> {
  const sealed = await store.sealed()
  const entries = await store.entries(run.run)
  const node = treeOf(store)
  const shown: ShownEntry[] = []
  for (const entry of entries) {
    const position = await store.positionOf(run.run, entry.index)
    if (sealed === undefined || position === undefined || position >= sealed.size) throw notSealed(run.run, entry.index)
    const [logged] = await store.log(position, 1)
    const path = await inclusionProof(position, sealed.size, node)
    shown.push(show(entry, logged as LogEntry, path))
  }
  const { workflow, tenant, status } = run
  return {
    evidence: {
      format: 'spanwise-evidence/1',
      store: store.info.id,
      run: run.run,
      workflow,
      tenant,
      status,
      entries: shown,
    },
    checkpoint: (sealed as NonNullable<typeof sealed>).note,
  }
}

function show(entry: Entry, { secret, position }: LogEntry, path: readonly Uint8Array[]): ShownEntry {
  const { run, index, after, at, kind, key, attempt, meta, payload, erased, leaf, commitments } = entry
  const derived = (purpose: 'key' | 'payload'): string => base64(deriveKey(secret as Uint8Array, purpose, run, index))
  // of parts that users made the commitment is to the readable text, which is not in the store
  const isPlain = key !== '' && !key.includes('[')
  return {
    index,
    after,
    at,
    kind,
    key,
    attempt,
    meta,
    payload: payload ?? null,
    erased,
    commitments: {
      key: base64(commitments.key),
      payload: base64(commitments.payload),
      input: base64(commitments.input ?? new Uint8Array(32)),
    },
    open:
      secret === undefined
        ? {}
        : {
            ...(isPlain ? { key: derived('key') } : {}),
            ...(payload === undefined ? {} : { payload: derived('payload') }),
          },
    leaf: base64(leaf),
    position,
    path: path.map(base64),
  }
}

/** The program that checks a bundle, for Node alone. */
export function verifierText(): string {
  const isSource = import.meta.url.endsWith('.ts')
  const text = readFileSync(new URL(isSource ? './verify.ts' : './verify.js', import.meta.url), 'utf8')
  const plain = isSource ? stripTypeScriptTypes(text) : text.replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n')
  const program = plain
    .replace(/const kinds\s*= \{\};?/, `const kinds = ${JSON.stringify(kindCodes)}`)
    // what types leave behind
    .replace(/[ \t]+$/gm, '')
    .replace(/\n{3,}/g, '\n\n')
  return program
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

function notSealed(run: string, index: number): SpanwiseError {
  return new SpanwiseError({
    code: 'NOT_SEALED',
    message: `Entry ${index} of run ${run} is not under a checkpoint yet.`,
    hint: 'A working app seals ten seconds after something was recorded, and when it closes: try again then.',
    run,
  })
}
