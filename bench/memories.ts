import { openMemoryStore } from 'spanwise/testing'
import { quantile, round } from './measure.ts'

// What exact search in the store costs: every vector of a space is looked at, on the store's thread.
const dimensions = 512
const sizes = process.argv.includes('--quick') ? [1_000, 10_000] : [1_000, 10_000, 100_000]

function vector(): Uint8Array {
  const numbers = Float32Array.from({ length: dimensions }, () => Math.random() - 0.5)
  const length = Math.hypot(...numbers)
  return new Uint8Array(numbers.map((one) => one / length).buffer)
}

const store = openMemoryStore()
for (const size of sizes) {
  const space = `of ${size}`
  for (let n = 0; n < size; n++)
    await store.remember({ id: `${size}-${n}`, space, text: `memory ${n}`, vector: vector(), at: n })
  const times: number[] = []
  for (let n = 0; n < 20; n++) {
    const start = performance.now()
    await store.recall({ space, now: 0, limit: 5, vector: vector() })
    times.push(performance.now() - start)
  }
  console.log(`${size} memories of ${dimensions} numbers: ${round(quantile(times, 0.5), 1)} ms a search`)
}
await store.close()
