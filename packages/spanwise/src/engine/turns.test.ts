import { expect, it } from 'vitest'
import { Turns } from './turns.ts'

interface Played {
  /** `a`: opened, `/a`: closed, `|`: the event loop went round */
  readonly said: string[]
  settled: boolean
}

/** Everybody takes one turn of so many ms. */
async function play(names: readonly string[], ms: number): Promise<Played> {
  let now = 1_000
  let isRound = false
  const played: Played = { said: [], settled: false }
  const { promise, resolve } = Promise.withResolvers<void>()
  const turns = new Turns(
    () => {
      played.settled = true
      resolve()
    },
    () => {},
    () => now,
  )
  for (const name of names) {
    turns.add({
      hasTurn: false,
      queued: false,
      open: () => {
        played.said.push(name)
        now += ms
        if (isRound) return
        isRound = true
        setImmediate(() => {
          isRound = false
          played.said.push('|')
        })
      },
      close: () => played.said.push(`/${name}`),
    })
  }
  await promise
  return played
}

it('short turns share a round of the event loop', async () => {
  const names = Array.from({ length: 30 }, (_, i) => `t${i}`)
  const { said, settled } = await play(names, 0)
  expect(said.filter((one) => one !== '|')).toEqual(names.flatMap((name) => [name, `/${name}`]))
  expect(said.filter((one) => one === '|').length).toBeLessThan(4)
  expect(settled).toBe(true)
})

it('long turns leave the event loop to others, with no window open meanwhile', async () => {
  const { said } = await play(['a', 'b', 'c'], 7)
  expect(said.slice(0, 8)).toEqual(['a', '/a', '|', 'b', '/b', '|', 'c', '/c'])
})

it('a clock that is set back ends a round, and nobody is forgotten', async () => {
  const names = Array.from({ length: 40 }, (_, i) => `t${i}`)
  const { said } = await play(names, -3_600_000)
  expect(said.filter((one) => !/[/|]/.test(one))).toEqual(names)
})
