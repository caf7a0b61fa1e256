import type { LogStore, SealNode } from '../journal/index.ts'
import { signCheckpoint } from './checkpoint.ts'
import { extend, type Frontier, leafHash, rootOf } from './merkle.ts'
import type { Signer } from './note.ts'
import { frontierOf, isKept, split, treeOf } from './tree.ts'

/** leaves that are asked of the store at once */
const batch = 8_192

export interface Sealer {
  /**
   * Takes in what was appended since the last checkpoint and signs a new one over all of it.
   * @returns the new checkpoint, or undefined when nothing was appended
   */
  seal(at: number): Promise<{ readonly size: number; readonly note: string } | undefined>
}

/**
 * Follows the log of one store. Behind the writes: nothing that is recorded waits for it, and after a crash it goes on from the
 * last checkpoint.
 */
export async function openSealer(store: LogStore, origin: string, signers: readonly Signer[]): Promise<Sealer> {
  let frontier = await resume(store)

  return {
    async seal(at) {
      const after = frontier.size
      const size = await store.logSize()
      if (size <= after) return undefined
      const nodes: SealNode[] = []
      const keep = (level: number, index: number, root: Uint8Array): void => {
        if (isKept(level)) nodes.push({ level, index, root })
      }
      let grown: Frontier = frontier
      while (grown.size < size) {
        const leaves = split(await store.leaves(grown.size, Math.min(batch, size - grown.size)))
        if (leaves.length === 0) throw new RangeError(`the log ends at ${grown.size}, before ${size}`)
        grown = extend(grown, leaves.map(leafHash), keep)
      }
      const note = signCheckpoint({ origin, size, root: rootOf(grown), at }, signers)
      if ((await store.seal({ after, size, note, nodes })) === 'stale') {
        // another process has sealed meanwhile
        frontier = await resume(store)
        return undefined
      }
      frontier = grown
      return { size, note }
    },
  }
}

async function resume(store: LogStore): Promise<Frontier> {
  const last = await store.sealed()
  return frontierOf(treeOf(store), last?.size ?? 0)
}
