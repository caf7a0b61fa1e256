/** A length of time as one reads it. */
export function took(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 60) return `${minutes} min ${Math.floor((ms % 60_000) / 1_000)} s`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return `${hours} h ${minutes % 60} min`
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

export function ago(at: Date, now = Date.now()): string {
  return `${coarse(Math.max(0, now - at.getTime()), Math.floor)} ago`
}

export function until(at: Date, now = Date.now()): string {
  const ms = at.getTime() - now
  return ms <= 0 ? 'now' : `in ${coarse(ms, Math.round)}`
}

function coarse(ms: number, whole: (count: number) => number): string {
  const seconds = whole(ms / 1_000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return `${whole(seconds / 60)} min`
  if (seconds < 172_000) return `${whole(seconds / 3_600)} h`
  return `${whole(seconds / 86_400)} d`
}
