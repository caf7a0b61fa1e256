import { useSyncExternalStore } from 'react'

/** below Tailwind's `sm`: a phone held upright */
const narrow = matchMedia('(width < 40rem)')

function subscribe(listener: () => void): () => void {
  narrow.addEventListener('change', listener)
  return () => narrow.removeEventListener('change', listener)
}

export function useNarrow(): boolean {
  return useSyncExternalStore(subscribe, () => narrow.matches)
}
