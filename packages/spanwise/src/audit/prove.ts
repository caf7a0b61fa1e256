import { type LogStore, SpanwiseError } from '../journal/index.ts'
import { openCheckpoint } from './checkpoint.ts'
import { inclusionProof, leafHash } from './merkle.ts'
import { verifyInclusion } from './merkle-verify.ts'
import type { Verifier } from './note.ts'
import { treeOf } from './tree.ts'

/** That an entry is in the log, for somebody who has the public key and nothing else. Hashes are base64. */
export interface InclusionProof {
  readonly run: string
  readonly index: number
  readonly position: number
  /** the entry's leaf, 32 bytes */
  readonly leaf: string
  readonly path: readonly string[]
  /** signed note */
  readonly checkpoint: string
}

/** @throws NOT_SEALED when the last checkpoint is older than the entry; ENTRY_UNKNOWN */
export async function proveEntry(store: LogStore, run: string, index: number): Promise<InclusionProof> {
  const position = await store.positionOf(run, index)
  if (position === undefined)
    throw new SpanwiseError({
      code: 'ENTRY_UNKNOWN',
      message: `Run ${run} has no entry ${index}.`,
      hint: 'Look at its history: spanwise runs show <run> --all.',
      run,
    })
  const sealed = await store.sealed()
  if (sealed === undefined || sealed.size <= position)
    throw new SpanwiseError({
      code: 'NOT_SEALED',
      message: `Entry ${index} of run ${run} is not under a checkpoint yet.`,
      hint: 'A working app seals ten seconds after something was recorded, and when it closes: try again then.',
      run,
    })
  const path = await inclusionProof(position, sealed.size, treeOf(store))
  const leaf = await store.leaves(position, 1)
  return { run, index, position, leaf: base64(leaf), path: path.map(base64), checkpoint: sealed.note }
}

/** What whoever gets a proof does with it. @throws NOTE_INVALID, CHECKPOINT_INVALID */
export function checkProof(proof: InclusionProof, keys: readonly Verifier[]): boolean {
  const { size, root } = openCheckpoint(proof.checkpoint, keys)
  const leaf = leafHash(Buffer.from(proof.leaf, 'base64'))
  return verifyInclusion(
    leaf,
    proof.position,
    size,
    proof.path.map((one) => Buffer.from(one, 'base64')),
    root,
  )
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
