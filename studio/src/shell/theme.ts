import { useSyncExternalStore } from 'react'

export type Theme = 'light' | 'dark' | 'system'

const kept = 'spanwise.theme'
const dark = matchMedia('(prefers-color-scheme: dark)')
const listeners = new Set<() => void>()

function read(): Theme {
  const value = localStorage.getItem(kept)
  return value === 'light' || value === 'dark' ? value : 'system'
}

function apply(): void {
  const theme = read()
  const isDark = theme === 'dark' || (theme === 'system' && dark.matches)
  document.documentElement.dataset['theme'] = isDark ? 'dark' : 'light'
  for (const listener of listeners) listener()
}

export function beginTheme(): void {
  dark.addEventListener('change', apply)
  apply()
}

export function setTheme(theme: Theme): void {
  localStorage.setItem(kept, theme)
  apply()
}

export function useTheme(): Theme {
  return useSyncExternalStore((listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, read)
}
