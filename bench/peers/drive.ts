import { appendFileSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { alone, atOnce, round } from '../measure.ts'
import type { PeerModule } from './peer.ts'

/** One product in a process of its own, so that none inherits another's heap, threads or sockets. Prints one line of JSON. */
export interface Order {
  readonly peer: string
  readonly dir: string
  readonly ports: readonly number[]
  readonly postgres: string | undefined
  readonly work: 'measure' | 'crash' | 'recover'
  readonly quick: boolean
  /** of W3 */
  readonly side: string
  readonly crowd: number
}

const order = JSON.parse(process.argv[2] as string) as Order
const [folder] = order.peer.split('-') as [string]
const { open } = (await import(`./${folder}/${order.peer}.mjs`)) as PeerModule
const peer = await open({
  dir: order.dir,
  ports: order.ports,
  postgres: order.postgres,
  sideEffect: (line) => appendFileSync(order.side, `${line}\n`),
  isRecovery: order.work === 'recover',
})

if (order.work === 'measure') {
  const total = order.quick ? 100 : 1_000
  const figures: Record<string, number> = {}
  const { p50, p95 } = await alone(order.quick ? 20 : 100, 10, () => peer.ten())
  figures['W1 p50 ms'] = round(p50)
  figures['W1 p95 ms'] = round(p95)
  for (const at of [64, 256, 1_000]) {
    if (order.quick && at > 64) continue
    await atOnce(Math.min(at, 200), Math.min(at, 200), () => peer.ten())
    figures[`steps/s at ${at}`] = round((await atOnce(Math.max(total, 2 * at), at, () => peer.ten())) * 10, 0)
  }
  figures['W2 p50 ms'] = round((await alone(order.quick ? 10 : 30, 3, () => peer.hundred())).p50)
  const { graph } = peer
  if (graph !== undefined) {
    const found = await alone(order.quick ? 30 : 100, 10, graph)
    figures['W4 p50 ms'] = round(found.p50)
    figures['W4 p95 ms'] = round(found.p95)
    await atOnce(64, 64, graph)
    figures['graphs/s at 64'] = round(await atOnce(order.quick ? 192 : 640, 64, graph), 0)
  }
  writeSync(1, `${JSON.stringify(figures)}\n`)
} else {
  await Promise.all(Array.from({ length: order.crowd }, (_, i) => peer.slow(`slow-${i}`)))
  writeSync(1, '{"done":true}\n')
}
// whoever cannot be closed, or breaks while its process is being torn down, is ended from outside
await Promise.race([peer.close(), sleep(5_000)])
process.kill(process.pid, 'SIGKILL')
