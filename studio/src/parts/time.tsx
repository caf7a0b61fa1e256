import { useSyncExternalStore } from 'react'
import { formatAgo, formatTime } from './format.ts'

// one clock for the page: what is shown as "2 min ago" grows together
const listeners = new Set<() => void>()
let now = Date.now()
setInterval(() => {
  now = Date.now()
  for (const listener of listeners) listener()
}, 5_000)

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now)
}

/** How long ago; the exact time with its zone on hover. */
export function Ago({ at }: { readonly at: Date }) {
  const current = useNow()
  return (
    <time dateTime={at.toISOString()} title={formatTime(at)} className="whitespace-nowrap">
      {formatAgo(at, current)}
    </time>
  )
}

export function ExactTime({ at }: { readonly at: Date }) {
  return (
    <time dateTime={at.toISOString()} className="whitespace-nowrap">
      {formatTime(at)}
    </time>
  )
}
