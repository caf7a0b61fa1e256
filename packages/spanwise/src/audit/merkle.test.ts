import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  consistencyProof,
  emptyFrontier,
  emptyRoot,
  extend,
  inclusionProof,
  leafHash,
  type NodeReader,
  nodeHash,
  rootOf,
} from './merkle.ts'
import { verifyConsistency, verifyInclusion } from './merkle-verify.ts'

/** The leaves and roots that implementations of RFC 6962 test themselves with. */
const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
const roots = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]
/** inclusion: leaf (from 1), size, path; as certificate-transparency's own tests have them */
const inclusions: readonly [number, number, readonly string[]][] = [
  [1, 1, []],
  [
    1,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    6,
    8,
    [
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [3, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
]
const consistencies: readonly [number, number, readonly string[]][] = [
  [1, 1, []],
  [
    1,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    6,
    8,
    [
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [
    2,
    5,
    [
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  ],
]

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const hashes = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => leafHash(Buffer.from(leaves[i] ?? `leaf ${i}`, i < 8 ? 'hex' : 'utf8')))

/** every complete subtree of the tree, and its root */
function grown(count: number): { readonly root: Uint8Array; readonly node: NodeReader } {
  const nodes = new Map<string, Uint8Array>()
  const frontier = extend(emptyFrontier, hashes(count), (level, index, root) => nodes.set(`${level}/${index}`, root))
  return {
    root: rootOf(frontier),
    async node(level, index) {
      const found = nodes.get(`${level}/${index}`)
      if (found === undefined) throw new Error(`there is no complete subtree ${level}/${index} of ${count} leaves`)
      return found
    },
  }
}

describe('the vectors of RFC 6962', () => {
  it('the empty tree', () => {
    expect(hex(rootOf(emptyFrontier))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
    expect(rootOf(emptyFrontier)).toEqual(emptyRoot)
  })

  it.each(roots.map((root, i) => [i + 1, root] as const))('the root of %i leaves', (size, root) => {
    expect(hex(grown(size).root)).toBe(root)
  })

  it.each(inclusions)('the path of leaf %i of %i', async (leaf, size, path) => {
    const { root, node } = grown(size)
    const found = await inclusionProof(leaf - 1, size, node)
    expect(found.map(hex)).toEqual(path)
    expect(verifyInclusion(hashes(size)[leaf - 1] as Uint8Array, leaf - 1, size, found, root)).toBe(true)
  })

  it.each(consistencies)('the proof that %i leaves begin %i', async (earlier, size, path) => {
    const { root, node } = grown(size)
    const found = await consistencyProof(earlier, size, node)
    expect(found.map(hex)).toEqual(path)
    expect(verifyConsistency(earlier, size, found, grown(earlier).root, root)).toBe(true)
  })
})

it('grows in pieces to what it is when it grows at once', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(40), { maxLength: 8 }), (pieces) => {
      const all = hashes(pieces.reduce((sum, one) => sum + one, 0))
      let frontier = emptyFrontier
      let from = 0
      for (const piece of pieces) {
        frontier = extend(frontier, all.slice(from, from + piece))
        from += piece
      }
      expect(hex(rootOf(frontier))).toBe(hex(rootOf(extend(emptyFrontier, all))))
    }),
  )
})

it('proves every leaf of every size, and nothing that is not so', async () => {
  const size = fc.integer({ min: 1, max: 200 })
  await fc.assert(
    fc.asyncProperty(size, fc.nat(), fc.nat(), fc.nat(255), async (size, which, spoiled, by) => {
      const { root, node } = grown(size)
      const index = which % size
      const leaf = hashes(size)[index] as Uint8Array
      const path = await inclusionProof(index, size, node)
      expect(verifyInclusion(leaf, index, size, path, root)).toBe(true)
      expect(verifyInclusion(nodeHash(leaf, leaf), index, size, path, root)).toBe(false)
      expect(verifyInclusion(leaf, index + 1, size, path, root)).toBe(false)
      expect(verifyInclusion(leaf, index, size, [...path, leaf], root)).toBe(false)
      if (path.length === 0) return
      expect(verifyInclusion(leaf, index, size, path.slice(1), root)).toBe(false)
      expect(verifyInclusion(leaf, index, size, spoil(path, spoiled, by), root)).toBe(false)
    }),
  )
})

it('proves that every beginning is one, and of nothing else', async () => {
  const size = fc.integer({ min: 1, max: 200 })
  await fc.assert(
    fc.asyncProperty(size, fc.nat(), fc.nat(), fc.nat(255), async (size, which, spoiled, by) => {
      const earlier = 1 + (which % size)
      const { root, node } = grown(size)
      const { root: earlierRoot } = grown(earlier)
      const path = await consistencyProof(earlier, size, node)
      expect(verifyConsistency(earlier, size, path, earlierRoot, root)).toBe(true)
      const other = nodeHash(root, root)
      expect(verifyConsistency(earlier, size, path, other, root)).toBe(false)
      expect(verifyConsistency(earlier, size, path, earlierRoot, other)).toBe(false)
      if (path.length === 0) return
      expect(verifyConsistency(earlier, size, path.slice(1), earlierRoot, root)).toBe(false)
      expect(verifyConsistency(earlier, size, [...path, root], earlierRoot, root)).toBe(false)
      expect(verifyConsistency(earlier, size, spoil(path, spoiled, by), earlierRoot, root)).toBe(false)
    }),
  )
})

function spoil(path: readonly Uint8Array[], which: number, by: number): Uint8Array[] {
  return path.map((node, i) => {
    if (i !== which % path.length) return node
    const copy = Buffer.from(node)
    copy[by % 32] = (copy[by % 32] as number) ^ (1 + (by % 255))
    return copy
  })
}
