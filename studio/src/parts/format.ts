/** Numbers with their units, times with their zone. */

const counts = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const absolute = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })
const zone = new Intl.DateTimeFormat('en', { timeZoneName: 'short' })

export function formatCount(value: number): string {
  return whole.format(value)
}

/** @param ms milliseconds; sub-millisecond values keep two digits */
export function formatDuration(ms: number): string {
  if (ms < 1) return `${ms.toFixed(2)} ms`
  if (ms < 1_000) return `${whole.format(ms)} ms`
  if (ms < 60_000) return `${counts.format(ms / 1_000)} s`
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 60) return pair(minutes, 'min', Math.round((ms % 60_000) / 1_000), 's')
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return pair(hours, 'h', minutes % 60, 'min')
  return pair(Math.floor(hours / 24), 'd', hours % 24, 'h')
}

function pair(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`
}

/** @param nano whole nano-dollars */
export function formatMoney(nano: bigint): string {
  const dollars = Number(nano) / 1e9
  if (dollars === 0) return '$0'
  const size = Math.abs(dollars)
  const digits = size >= 100 ? 0 : size >= 0.1 ? 2 : Math.min(9, 2 - Math.floor(Math.log10(size)))
  return `$${dollars.toLocaleString('en', { minimumFractionDigits: Math.min(digits, 2), maximumFractionDigits: digits })}`
}

export function formatPercent(share: number): string {
  if (share > 0.999 && share < 1) return '> 99.9 %'
  if (share > 0 && share < 0.0005) return '< 0.1 %'
  return `${counts.format(share * 100)} %`
}

export function formatTime(at: Date): string {
  return `${absolute.format(at)} ${zoneOf(at)}`
}

function zoneOf(at: Date): string {
  return zone.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? ''
}

export function formatAgo(at: Date, now: number): string {
  const ms = now - at.getTime()
  if (Math.abs(ms) < 5_000) return 'just now'
  const [short] = formatDuration(
    Math.abs(ms) >= 60_000 ? Math.floor(Math.abs(ms) / 60_000) * 60_000 : Math.abs(ms),
  ).split(' · ')
  const first = (short ?? '').split(' ').slice(0, 2).join(' ').replace(/\.\d+/, '')
  return ms >= 0 ? `${first} ago` : `in ${first}`
}
