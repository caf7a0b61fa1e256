import { openMemoryStore } from 'spanwise/testing'
import { quantile, round } from './measure.ts'

// What exact search in the store costs: every vector of a space is looked at, on the store's thread.
const isQuick = process.argv.includes('--quick')
const lengths = isQuick ? [512] : [256, 512, 1_536]
const sizes = isQuick ? [1_000, 10_000] : [1_000, 10_000, 50_000, 100_000]

function vector(length: number): Uint8Array {
  const numbers = Float32Array.from({ length }, () => Math.random() - 0.5)
  const norm = Math.hypot(...numbers)
  return new Uint8Array(numbers.map((one) => one / norm).buffer)
}

/** ms of processor time, which a busy machine does not stretch: the store works on this thread */
function used(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}

for (const length of lengths) {
  const store = openMemoryStore()
  const space = 'all'
  let put = 0
  for (const size of sizes) {
    for (; put < size; put++)
      await store.remember({ id: `${put}`, space, text: `memory ${put}`, vector: vector(length), at: put })
    const times: number[] = []
    const cpu: number[] = []
    for (let n = 0; n < 15; n++) {
      const [start, before] = [performance.now(), used()]
      await store.recall({ space, now: 0, limit: 5, vector: vector(length) })
      times.push(performance.now() - start)
      cpu.push(used() - before)
    }
    const [wall, own] = [times, cpu].map((all) => round(quantile(all, 0.5), 1))
    console.log(`${size} memories of ${length} numbers: ${wall} ms a search, ${own} ms of processor time`)
  }
  await store.close()
}
