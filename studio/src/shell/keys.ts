import { useNavigate } from '@tanstack/react-router'
import { useEffect } from 'react'
import { places } from './places.ts'

/**
 * Keys of every page: ⌘K or Ctrl-K opens the palette, `g` and a letter goes to a page, `/` to the page's search field, `j` and `k` move in
 * its list.
 */
export function useKeys(openPalette: () => void): void {
  const navigate = useNavigate()
  useEffect(() => {
    /** when `g` was pressed; times of events begin with the page */
    let going = Number.NEGATIVE_INFINITY
    const onKey = (event: KeyboardEvent): void => {
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        openPalette()
        return
      }
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return
      if (going > event.timeStamp - 1_000) {
        going = Number.NEGATIVE_INFINITY
        const place = places.find(({ key }) => key === event.key)
        if (place !== undefined) void navigate({ to: place.to })
      } else if (event.key === 'g') going = event.timeStamp
      else if (event.key === '/') {
        event.preventDefault()
        document.querySelector<HTMLInputElement>('input[type=search]')?.focus()
      } else if (event.key === 'j' || event.key === 'k') move(event.key === 'j' ? 1 : -1)
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [navigate, openPalette])
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName))
  )
}

/** Rows of a list are links with `data-row`; Enter then opens the one in focus. */
function move(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>('[data-row]')]
  const at = rows.indexOf(document.activeElement as HTMLElement)
  rows[at === -1 ? (by === 1 ? 0 : rows.length - 1) : at + by]?.focus()
}
