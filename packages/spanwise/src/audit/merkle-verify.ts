import { emptyRoot, nodeHash } from './merkle.ts'

/**
 * What somebody does who trusts nothing but a root: RFC 9162 sections 2.1.3.2 and 2.1.4.2. Sizes are counted in doubles, so a
 * tree has at most 2 ** 53 leaves; the bit operations of the RFC are divisions here.
 */
export function verifyInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!(isCount(index) && isCount(size) && index < size)) return false
  let position = index
  let last = size - 1
  let hash = leaf
  for (const node of path) {
    if (last === 0) return false
    if (position % 2 === 1 || position === last) {
      hash = nodeHash(node, hash)
      while (position % 2 === 0 && position !== 0) {
        position /= 2
        last = Math.floor(last / 2)
      }
    } else hash = nodeHash(hash, node)
    position = Math.floor(position / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 && Buffer.compare(hash, root) === 0
}

export function verifyConsistency(
  earlier: number,
  size: number,
  path: readonly Uint8Array[],
  earlierRoot: Uint8Array,
  root: Uint8Array,
): boolean {
  if (!(isCount(earlier) && isCount(size) && earlier <= size)) return false
  if (earlier === size) return path.length === 0 && Buffer.compare(earlierRoot, root) === 0
  if (earlier === 0) return path.length === 0 && Buffer.compare(earlierRoot, emptyRoot) === 0
  // a beginning that is one complete subtree is where the path starts
  const nodes = isPowerOfTwo(earlier) ? [earlierRoot, ...path] : [...path]
  const [first, ...rest] = nodes
  if (first === undefined) return false
  let position = earlier - 1
  let last = size - 1
  while (position % 2 === 1) {
    position = Math.floor(position / 2)
    last = Math.floor(last / 2)
  }
  let before = first
  let now = first
  for (const node of rest) {
    if (last === 0) return false
    if (position % 2 === 1 || position === last) {
      before = nodeHash(node, before)
      now = nodeHash(node, now)
      while (position % 2 === 0 && position !== 0) {
        position /= 2
        last = Math.floor(last / 2)
      }
    } else now = nodeHash(now, node)
    position = Math.floor(position / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 && Buffer.compare(before, earlierRoot) === 0 && Buffer.compare(now, root) === 0
}

function isCount(n: number): boolean {
  return Number.isSafeInteger(n) && n >= 0
}

function isPowerOfTwo(n: number): boolean {
  return 2 ** Math.round(Math.log2(n)) === n
}
