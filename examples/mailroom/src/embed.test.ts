import { expect, test } from 'vitest'
import { dimensions, embed, fromBytes, toBytes } from './embed.ts'

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0)

test('texts that mean the same lie closer than others', async () => {
  const [offer, same, other] = await Promise.all([
    embed('Lower your mortgage payments today'),
    embed('Get a cheaper home loan now'),
    embed('The kernel panics when the module is unloaded'),
  ])
  expect(offer).toHaveLength(dimensions)
  expect(dot(offer, same)).toBeGreaterThan(dot(offer, other) + 0.1)
})

test('the same text gives the same bytes, through storage and back', async () => {
  const [first, second] = [await embed('Hello'), await embed('Hello')]
  expect(toBytes(first)).toEqual(toBytes(second))
  expect(fromBytes(toBytes(first))).toEqual(first)
  expect(fromBytes(Buffer.concat([Buffer.from('x'), toBytes(first)]).subarray(1))).toEqual(first)
})

test.each(['', ' \n', '\0', '漢字', '🎉'])('%j has an embedding of finite numbers', async (text) => {
  expect((await embed(text)).every(Number.isFinite)).toBe(true)
})
