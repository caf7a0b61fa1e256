import { syncBuiltinESMExports } from 'node:module'
import timers from 'node:timers'
import promises from 'node:timers/promises'

// Preloaded into a process of its own (and its threads): time runs faster there, for everything that waits or looks at a clock.
// So an hour with its real pauses, backoffs and timeouts passes in a minute or two, and nobody's code is changed for it.
const scale = Number(process.env['WARP_SCALE'] ?? 1)
const origin = Number(process.env['WARP_ORIGIN'] ?? Date.now())

const RealDate = Date
const realNow = Date.now
const warped = (): number => Math.round(origin + (realNow() - origin) * scale)
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, self) => Reflect.construct(target, args.length === 0 ? [warped()] : args, self),
  get: (target, name, self) => (name === 'now' ? warped : Reflect.get(target, name, self)),
})

const tick = performance.now.bind(performance)
performance.now = () => tick() * scale

const shorter = (ms: unknown): number => Number(ms ?? 0) / scale
const { setTimeout: timeout, setInterval: interval } = timers
const later = ((run: () => void, ms?: number, ...rest: []) => timeout(run, shorter(ms), ...rest)) as typeof timeout
// util.promisify looks for it
Object.assign(later, timeout)
const often = ((run: () => void, ms?: number, ...rest: []) => interval(run, shorter(ms), ...rest)) as typeof interval
globalThis.setTimeout = timers.setTimeout = later
globalThis.setInterval = timers.setInterval = often
const { setTimeout: wait } = promises
promises.setTimeout = ((ms?: number, ...rest: []) => wait(shorter(ms), ...rest)) as typeof wait
syncBuiltinESMExports()

const signal = AbortSignal.timeout.bind(AbortSignal)
AbortSignal.timeout = (ms) => signal(Math.ceil(shorter(ms)))
