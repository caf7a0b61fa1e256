import type { LogStore } from '../journal/index.ts'
import { type Frontier, leafHash, type NodeReader, nodeHash } from './merkle.ts'

/** Subtrees of 256 leaves, of 256 of those, and so on are kept; everything between is computed from them. */
export const keptLevels = 8
const tile = 2 ** keptLevels

export function isKept(level: number): boolean {
  return level > 0 && level % keptLevels === 0
}

/** The tree over the log of a store, as far as `size`. Reads no more than a few tiles for a proof. */
export function treeOf(store: Pick<LogStore, 'leaves' | 'sealNodes'>): NodeReader {
  const tiles = new Map<string, Promise<readonly Uint8Array[]>>()

  /** up to 256 neighbours on a level that is kept */
  const row = (level: number, number: number): Promise<readonly Uint8Array[]> => {
    const name = `${level}/${number}`
    let found = tiles.get(name)
    if (found === undefined) {
      found = (level === 0 ? store.leaves(number * tile, tile) : store.sealNodes(level, number * tile, tile)).then(
        (bytes) => (level === 0 ? split(bytes).map(leafHash) : split(bytes)),
      )
      tiles.set(name, found)
    }
    return found
  }

  return async function node(level, index) {
    const base = level - (level % keptLevels)
    const width = 2 ** (level - base)
    const first = index * width
    const neighbours = await row(base, Math.floor(first / tile))
    let roots = neighbours.slice(first % tile, (first % tile) + width)
    if (roots.length !== width) throw new RangeError(`the log has no complete subtree ${level}/${index}`)
    while (roots.length > 1) roots = pairUp(roots)
    return roots[0] as Uint8Array
  }
}

/** The frontier of the first `size` leaves, from what is kept of them. */
export async function frontierOf(node: NodeReader, size: number): Promise<Frontier> {
  const roots: Uint8Array[] = []
  for (let at = 0; at < size; ) {
    const level = Math.floor(Math.log2(size - at))
    roots.push(await node(level, at / 2 ** level))
    at += 2 ** level
  }
  return { size, roots }
}

/** 32 bytes each */
export function split(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: bytes.length / 32 }, (_, i) => bytes.subarray(i * 32, i * 32 + 32))
}

function pairUp(roots: readonly Uint8Array[]): Uint8Array[] {
  return Array.from({ length: roots.length / 2 }, (_, i) =>
    nodeHash(roots[2 * i] as Uint8Array, roots[2 * i + 1] as Uint8Array),
  )
}
