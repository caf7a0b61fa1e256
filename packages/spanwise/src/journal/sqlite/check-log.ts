import { nameOf } from '../kinds.ts'
import { hashMeta, leafLatin1 } from '../leaf.ts'
import type { LogCheck } from '../log.ts'
import { commitLatin1, deriveLatin1 } from '../secret.ts'
import type { Context } from './context.ts'
import { rowsFrom, writeRow } from './log.ts'
import { archivedFlag, encryptedFlag, erasedFlag, loadPayload } from './payloads.ts'
import { firstPosition, type LogRun, runOfLog, secretFor } from './sealing.ts'
import type { RawEntry } from './segment.ts'

const zeros = '\0'.repeat(32)

/**
 * What `audit verify` asks of nearly every entry, answered where the entries lie: they are not made into objects, and not sent to
 * another thread. It finds out no more than whether all is well. Where something is not, or may not be, whoever asked reads these entries
 * and says what it is.
 */
export function checkLog(
  context: Context,
  { from, limit }: { readonly from: number; readonly limit: number },
): LogCheck | undefined {
  try {
    return check(context, from, limit)
  } catch {
    // what cannot be read is told by reading it
    return undefined
  }
}

function check(context: Context, from: number, limit: number): LogCheck | undefined {
  writeRow(context)
  const leaves = Buffer.allocUnsafeSlow(32 * limit)
  const order = new Uint32Array(2 * limit)
  const runs: string[] = []
  const known = new Map<number, { readonly at: number; readonly run: LogRun }>()
  const found = { erased: 0, archived: 0, locked: 0 }
  const isLocked = context.vault.state === 'locked'
  let done = 0
  for (const row of rowsFrom(context, from + firstPosition)) {
    let i = from + done + firstPosition - row.from
    if (i < 0 || i >= row.segment.count) return undefined
    for (; i < row.segment.count && done < limit; i++) {
      const raw = row.segment.entry(i)
      let one = known.get(raw.runSeq)
      if (one === undefined) {
        one = { at: runs.length, run: runOfLog(context, raw.runSeq) }
        known.set(raw.runSeq, one)
        runs.push(one.run.run)
      }
      if (raw.index > 0xffff_ffff || !fits(context, one.run, raw, row.from + i, isLocked)) return undefined
      if ((raw.flags & archivedFlag) !== 0) found.archived++
      else if ((raw.flags & erasedFlag) !== 0) found.erased++
      if (isLocked && (raw.flags & encryptedFlag) !== 0) found.locked++
      leaves.write(raw.proof.slice(0, 32), 32 * done, 'latin1')
      order[2 * done] = one.at
      order[2 * done + 1] = raw.index
      done++
    }
    if (done === limit) return { leaves, order, runs, ...found }
  }
  return undefined
}

/** The leaf says what the entry is, the commitments what it holds. */
function fits(context: Context, run: LogRun, raw: RawEntry, position: number, isLocked: boolean): boolean {
  const { proof, index, flags } = raw
  if (proof.length !== 96 && proof.length !== 128) return false
  const key = proof.slice(32, 64)
  const content = proof.slice(64, 96)
  const fields = { index, after: raw.after, at: raw.at, kind: nameOf(raw.kind), attempt: raw.attempt }
  const metaHash = hashMeta(raw.meta === '' ? '{}' : raw.meta)
  if (leafLatin1(run.run, fields, metaHash, key, content, proof.slice(96)) !== proof.slice(0, 32)) return false
  if ((flags & erasedFlag) !== 0 || (isLocked && (flags & encryptedFlag) !== 0)) return true
  const secret = secretFor(context, run, raw)
  const payload = loadPayload(context, { position, payload: raw.payload, flags }, () => ({
    run: run.run,
    index,
    secret,
  }))
  if (payload === undefined || content === zeros) return payload === undefined && content === zeros
  if (secret === undefined) return false
  if (commitLatin1('payload', deriveLatin1(secret, 'payload', run.run, index), payload) !== content) return false
  // parts that users made stand as tokens: what was committed to is not in the store
  if (raw.key === '' || raw.key.includes('[')) return true
  return commitLatin1('key', deriveLatin1(secret, 'key', run.run, index), raw.key) === key
}
