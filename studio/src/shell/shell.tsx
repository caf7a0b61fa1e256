import { Link, Outlet } from '@tanstack/react-router'
import { useState } from 'react'
import { useCounts } from '../api/queries.ts'
import { Button } from '../parts/button.tsx'
import { useKeys } from './keys.ts'
import { Mark } from './mark.tsx'
import { Palette } from './palette.tsx'
import { places } from './places.ts'
import { setTheme, useTheme } from './theme.ts'

export function Shell() {
  const [palette, setPalette] = useState(false)
  useKeys(() => setPalette(true))
  return (
    <div className="flex min-h-dvh flex-col md:flex-row">
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:m-2 focus:rounded focus:bg-panel focus:px-3 focus:py-2"
      >
        To the content
      </a>
      <aside className="sticky top-0 z-30 flex shrink-0 flex-row items-center gap-1 border-b border-line bg-panel px-3 py-2 md:h-dvh md:w-52 md:flex-col md:items-stretch md:gap-3 md:border-r md:border-b-0 md:px-3 md:py-4">
        <Link to="/" className="flex items-center gap-2 px-2 font-semibold tracking-tight">
          <Mark />
          <span className="hidden sm:inline">Spanwise</span>
        </Link>
        <Navigation />
        <div className="ml-auto flex gap-1 md:mt-auto md:ml-0 md:flex-col">
          <Button look="quiet" className="md:!justify-between" onClick={() => setPalette(true)}>
            <span>Go to…</span>
            <kbd className="hidden rounded border border-line px-1 text-xs md:inline">⌘K</kbd>
          </Button>
          <ThemeButton />
        </div>
      </aside>
      <main id="main" className="min-w-0 flex-1 px-4 py-5 md:px-7">
        <Outlet />
      </main>
      {palette && <Palette onClose={() => setPalette(false)} />}
    </div>
  )
}

function Navigation() {
  const counts = useCounts()
  const badges: Record<string, number | undefined> = {
    '/inbox': counts.data?.approvals,
    '/failures': counts.data?.attention,
  }
  return (
    <nav aria-label="Pages" className="min-w-0 overflow-x-auto">
      <ul className="flex gap-0.5 md:flex-col">
        {places.map(({ to, name }) => (
          <li key={to}>
            <Link
              to={to}
              activeOptions={{ exact: to === '/', includeSearch: false }}
              className="flex items-center justify-between gap-2 rounded-md px-2 py-1.5 text-sm whitespace-nowrap text-soft hover:bg-raised hover:text-ink data-[status=active]:bg-raised data-[status=active]:font-medium data-[status=active]:text-ink"
            >
              {name}
              {(badges[to] ?? 0) > 0 && (
                <span className="rounded-full bg-warn-tint px-1.5 text-xs font-medium text-warn">{badges[to]}</span>
              )}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}

const nextTheme = { system: 'light', light: 'dark', dark: 'system' } as const

function ThemeButton() {
  const theme = useTheme()
  return (
    <Button look="quiet" className="md:!justify-between" onClick={() => setTheme(nextTheme[theme])}>
      <span className="hidden md:inline">Theme</span>
      <span className="text-xs">{theme}</span>
    </Button>
  )
}
