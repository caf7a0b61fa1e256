import { inspect } from 'node:util'

/** `fetch-order#0` is the first of its name: the number matters from the second on. */
export function operationName(key: string): string {
  return key.replace(/#0(?=$|[/[~])/g, '').replace(/#(\d+)/g, (_, n: string) => ` (${Number(n) + 1})`)
}

/** As people read it, in one zone for everybody. */
export function moment(at: Date): string {
  return `${at.toISOString().slice(0, 10)} ${at.toISOString().slice(11, 19)} UTC`
}

export function howLong(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 60_000) return `${Math.round(ms / 100) / 10} s`
  if (ms < 3_600_000) return count(Math.round(ms / 60_000), 'minute')
  if (ms < 172_800_000) return count(Math.round(ms / 3_600_000), 'hour')
  return count(Math.round(ms / 86_400_000), 'day')
}

export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`
}

const longest = 160

/** A recorded value inside a sentence. */
export function value(given: unknown): string {
  if (given === undefined) return 'nothing'
  const text = typeof given === 'string' ? `“${given.replace(/\s+/g, ' ').trim()}”` : plain(given)
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…${typeof given === 'string' ? '”' : ''}`
}

function plain(given: unknown): string {
  return inspect(given, {
    depth: 3,
    breakLength: Number.POSITIVE_INFINITY,
    compact: true,
    maxArrayLength: 5,
    maxStringLength: 80,
    sorted: true,
  })
}

/** Why something failed, without a full stop: the sentence has its own. */
export function why(error: unknown): string {
  const text = Error.isError(error) ? (error as Error).message : typeof error === 'string' ? error : value(error)
  const line = text.replace(/\s+/g, ' ').trim().replace(/\.$/, '')
  return line.length <= longest ? line : `${line.slice(0, longest - 1)}…`
}

export function list(names: readonly string[]): string {
  if (names.length < 2) return names[0] ?? ''
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

export function dollars(nano: bigint): string {
  const amount = Number(nano) / 1e9
  if (amount === 0) return '$0'
  const digits = amount >= 1 ? 2 : Math.min(9, 2 - Math.floor(Math.log10(amount)))
  return `$${amount.toFixed(digits)}`
}
