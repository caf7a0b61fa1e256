import { each, signal, step, workflow } from 'spanwise'

export const add = step('add', async (n: number) => n + 1)

/** W1: ten trivial durable steps, one after the other. */
export const ten = workflow('ten', async (n: number) => {
  let value = n
  for (let i = 0; i < 10; i++) value = await add(value)
  return value
})

/** W2: a hundred at once. */
export const hundred = workflow('hundred', async (n: number) => {
  const results = await Promise.all(Array.from({ length: 100 }, (_, i) => add(n + i)))
  return results.length
})

let begun: ((at: number) => void) | undefined
export function onFirstStep(callback: (at: number) => void): void {
  begun = callback
}

const first = step('first', async () => {
  begun?.(performance.now())
})

/** From `start()` to the first line of the first step. */
export const toFirstStep = workflow('to-first-step', async () => {
  await first()
})

export const go = signal<number>('go')

/** Waits for ever: costs a row. */
export const waiting = workflow('waiting', async () => go.wait())

/** Moves when it is due. */
export const naps = workflow('naps', async () => {
  await go.wait({ timeout: '3s' }).catch(() => undefined)
  await add(1)
})

/** A long history: as many steps as it is told, then it waits. */
export const long = workflow('long', async (steps: number) => {
  for (let i = 0; i < steps; i++) await add(i)
  return go.wait()
})

/** Fails until it is mended. */
export const mended = { is: false }
const refuse = step('refuse', { attempts: 1 }, async (n: number) => {
  if (!mended.is) throw new TypeError(`order ${n} cannot be taken`)
  return n
})
export const fails = workflow('fails', async (n: number) => refuse(n))

/** Many items. */
export const many = workflow('many', async (items: number) => {
  const results = await each(numbers(items), { key: String, concurrency: 64 }, add)
  return results.length
})

function* numbers(to: number): Generator<number> {
  for (let i = 0; i < to; i++) yield i
}
