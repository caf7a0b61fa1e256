import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { Button } from '../parts/button.tsx'
import { Select } from '../parts/field.tsx'
import { type RunsSearch, readRunsSearch } from './runs-search.ts'

const kept = 'spanwise.searches'

interface Saved {
  readonly name: string
  readonly search: RunsSearch
}

function readSaved(): readonly Saved[] {
  try {
    const saved: unknown = JSON.parse(localStorage.getItem(kept) ?? '[]')
    if (!Array.isArray(saved)) return []
    return saved.map(({ name, search }) => ({ name: String(name), search: readRunsSearch(search ?? {}) }))
  } catch {
    // somebody else wrote there
    return []
  }
}

/** Filters under a name, kept in this browser. */
export function SavedSearches() {
  const [saved, setSaved] = useState(readSaved)
  const search = useSearch({ from: '/runs' })
  const navigate = useNavigate({ from: '/runs' })
  const same = (a: RunsSearch, b: RunsSearch): boolean => JSON.stringify(a) === JSON.stringify(b)
  const current = saved.find((one) => same(one.search, search))
  const keep = (next: readonly Saved[]): void => {
    localStorage.setItem(kept, JSON.stringify(next))
    setSaved(next)
  }
  const save = (): void => {
    const name = prompt('A name for this search', Object.values(search).join(' '))?.trim()
    if (name) keep([...saved.filter((one) => one.name !== name), { name, search }])
  }
  const isFiltered = Object.keys(search).length > 0
  return (
    <>
      {saved.length > 0 && (
        <Select
          aria-label="Saved searches"
          className="!w-auto"
          value={current?.name ?? ''}
          onChange={(event) =>
            void navigate({ to: '/runs', search: saved.find(({ name }) => name === event.target.value)?.search ?? {} })
          }
        >
          <option value="">saved searches</option>
          {saved.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </Select>
      )}
      {isFiltered && current === undefined && <Button onClick={save}>Save search</Button>}
      {current !== undefined && (
        <Button look="quiet" onClick={() => keep(saved.filter((one) => one !== current))}>
          Forget search
        </Button>
      )}
    </>
  )
}
