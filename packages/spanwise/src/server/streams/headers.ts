import { invalidStream, type StreamRow, toOffset } from '../../journal/index.ts'

export const nextOffset = 'stream-next-offset'
export const closed = 'stream-closed'
export const upToDate = 'stream-up-to-date'
export const cursorName = 'stream-cursor'

export type Headers = Readonly<Record<string, string>>

/** how a stream stands, for who has its end */
export function endHeaders(row: StreamRow): Headers {
  return { [nextOffset]: toOffset(row.tail), ...(row.closedAt === undefined ? {} : { [closed]: 'true' }) }
}

export function isTrue(request: Request, name: string): boolean {
  return request.headers.get(name)?.toLowerCase() === 'true'
}

/** A whole number as the protocol writes it; undefined where the header is missing. @throws INVALID_STREAM */
export function wholeHeader(request: Request, name: string): number | undefined {
  const text = request.headers.get(name)
  if (text === null) return undefined
  const value = /^(0|[1-9]\d*)$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(value)) return value
  throw invalidStream(`${name} is no whole number: ${JSON.stringify(text.slice(0, 40))}.`, 'Send one like 0 or 3600.')
}

/** cursors count pieces of time: answers that are cached by them do not stand for ever */
const interval = 20_000
const epoch = Date.UTC(2024, 9, 9)

export function cursorAt(now: number): number {
  return Math.floor((now - epoch) / interval)
}

/** Never one that the caller has already. */
export function cursorAfter(given: string | null, now: number): number {
  const present = cursorAt(now)
  const last = given === null || !/^\d{1,15}$/.test(given) ? -1 : Number(given)
  return last < present ? present : last + 1 + Math.floor(Math.random() * 180)
}
