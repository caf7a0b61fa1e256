import { hash } from 'node:crypto'

/**
 * The Merkle tree of RFC 9162 section 2.1 (the same as RFC 6962's) over SHA-256: an append-only log of which anyone can be shown
 * that it holds an entry (inclusion) and that it only grew (consistency).
 */

/** @param data what the log holds: here the 32 bytes of an entry's leaf */
export function leafHash(data: Uint8Array): Buffer {
  const bytes = data.length === 32 ? one : Buffer.alloc(1 + data.length)
  bytes.set(data, 1)
  return sha256(bytes)
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  pair.set(left, 1)
  pair.set(right, 33)
  return sha256(pair)
}

const one = Buffer.alloc(33)
const pair = Buffer.alloc(65)
pair[0] = 1

/** A text of one character per byte is handed out in a third of the time that a buffer takes. */
function sha256(bytes: Uint8Array): Buffer {
  return Buffer.from(hash('sha256', bytes, 'binary'), 'latin1')
}

export const emptyRoot: Buffer = hash('sha256', '', 'buffer')

/**
 * Where a growing tree stands: the roots of its complete subtrees, widest first, one for each bit of the size. All that is
 * needed to append and to know the root.
 */
export interface Frontier {
  readonly size: number
  readonly roots: readonly Uint8Array[]
}

export const emptyFrontier: Frontier = { size: 0, roots: [] }

/**
 * Appends hashes of leaves; calls back for every complete subtree that comes into being.
 * @param completed level 0 is leaves; `index` counts the subtrees of that level from the left
 */
export function extend(
  frontier: Frontier,
  leaves: Iterable<Uint8Array>,
  completed?: (level: number, index: number, root: Uint8Array) => void,
): Frontier {
  const roots = [...frontier.roots]
  let { size } = frontier
  for (const leaf of leaves) {
    let root = leaf
    let level = 0
    let index = size
    completed?.(0, index, root)
    // each trailing one of the size is a subtree that this leaf completes
    while (index % 2 === 1) {
      root = nodeHash(roots.pop() as Uint8Array, root)
      index = (index - 1) / 2
      level++
      completed?.(level, index, root)
    }
    roots.push(root)
    size++
  }
  return { size, roots }
}

export function rootOf({ roots }: Frontier): Uint8Array {
  const narrowest = roots.at(-1)
  if (narrowest === undefined) return emptyRoot
  let root = narrowest
  for (let i = roots.length - 2; i >= 0; i--) root = nodeHash(roots[i] as Uint8Array, root)
  return root
}

/** The root of the complete subtree number `index` of a level: 2 ** level leaves. */
export type NodeReader = (level: number, index: number) => Promise<Uint8Array>

/** MTH of RFC 9162 section 2.1.1 over leaves `from` to `to`, where `from` is a multiple of the widest subtree in between. */
export async function subtreeRoot(from: number, to: number, node: NodeReader): Promise<Uint8Array> {
  const roots: Uint8Array[] = []
  for (let at = from; at < to; ) {
    const level = Math.floor(Math.log2(to - at))
    const width = 2 ** level
    roots.push(await node(level, at / width))
    at += width
  }
  return rootOf({ size: to - from, roots })
}

/** PATH of RFC 9162 section 2.1.3.1: that the leaf `index` is in the tree of `size` leaves. */
export async function inclusionProof(index: number, size: number, node: NodeReader): Promise<Uint8Array[]> {
  if (!(Number.isSafeInteger(index) && index >= 0 && index < size))
    throw new RangeError(`leaf ${index} is not in a tree of ${size}`)
  const path: Uint8Array[] = []
  let from = 0
  let to = size
  while (to - from > 1) {
    const middle = from + widthBelow(to - from)
    if (index < middle) {
      path.push(await subtreeRoot(middle, to, node))
      to = middle
    } else {
      path.push(await subtreeRoot(from, middle, node))
      from = middle
    }
  }
  return path.reverse()
}

/** PROOF of RFC 9162 section 2.1.4.1: that the tree of `size` leaves begins with the tree of `earlier` leaves. */
export async function consistencyProof(earlier: number, size: number, node: NodeReader): Promise<Uint8Array[]> {
  if (!(Number.isSafeInteger(earlier) && earlier >= 0 && earlier <= size))
    throw new RangeError(`a tree of ${size} leaves has no beginning of ${earlier}`)
  if (earlier === 0 || earlier === size) return []
  const path: Uint8Array[] = []
  let from = 0
  let to = size
  let isWhole = true
  while (earlier !== to) {
    const middle = from + widthBelow(to - from)
    if (earlier <= middle) {
      path.push(await subtreeRoot(middle, to, node))
      to = middle
    } else {
      path.push(await subtreeRoot(from, middle, node))
      from = middle
      isWhole = false
    }
  }
  if (!isWhole) path.push(await subtreeRoot(from, to, node))
  return path.reverse()
}

/** the largest power of two below n, which is at least 2 */
function widthBelow(n: number): number {
  return 2 ** Math.floor(Math.log2(n - 1))
}
