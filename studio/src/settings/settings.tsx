import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { keyOf, reasonOf, setKey, setReason } from '../api/client.ts'
import { useHealth, useMe } from '../api/queries.ts'
import { Button } from '../parts/button.tsx'
import { Field, Input, Select } from '../parts/field.tsx'
import { PageHead, Panel } from '../parts/panel.tsx'
import { Problem } from '../parts/problem.tsx'
import { setTheme, type Theme, useTheme } from '../shell/theme.ts'
import { ApiKeys } from './api-keys.tsx'
import { Retention } from './retention.tsx'
import { Roles } from './roles.tsx'

export function Settings() {
  return (
    <>
      <PageHead title="Settings" />
      <div className="grid gap-4 lg:grid-cols-2">
        <Worker />
        <You />
        <div className="min-w-0 lg:col-span-2">
          <ApiKeys />
        </div>
        <Retention />
        <Roles />
        <ThisPage />
        <Keys />
      </div>
    </>
  )
}

function Worker() {
  const health = useHealth()
  return (
    <Panel title="This worker">
      {health.error !== null && <Problem error={health.error} />}
      {health.data !== undefined && (
        <p className="text-sm">
          {health.data.ready ? (
            <span className="text-good">✓ It works, and takes new work.</span>
          ) : (
            <span className="text-warn">▲ It takes no new work: {health.data.reasons.join(', ')}.</span>
          )}
        </p>
      )}
      <p className="mt-2 text-xs text-soft">
        The store, its size and its backups are kept with the command line: <code>spanwise store info</code>,{' '}
        <code>spanwise store backup</code>, <code>spanwise doctor</code>.
      </p>
    </Panel>
  )
}

function You() {
  const me = useMe()
  const client = useQueryClient()
  const [key, setTyped] = useState(keyOf() ?? '')
  return (
    <Panel title="You">
      {me.error !== null && <Problem error={me.error} />}
      {me.data !== undefined && (
        <div className="mb-4 text-sm">
          <p className="font-medium">{me.data.name}</p>
          <ul className="text-xs text-soft">
            {me.data.grants.map(({ tenant, roles }) => (
              <li key={tenant}>
                {tenant === '*' ? 'every tenant' : tenant}: {roles.join(', ')}
              </li>
            ))}
          </ul>
        </div>
      )}
      <form
        className="flex items-end gap-2"
        onSubmit={(event) => {
          event.preventDefault()
          setKey(key)
          void client.invalidateQueries()
        }}
      >
        <div className="flex-1">
          <Field label="API key" hint="For a server that asks for one. Kept until this tab is closed.">
            <Input type="password" autoComplete="off" value={key} onChange={(event) => setTyped(event.target.value)} />
          </Field>
        </div>
        <Button type="submit" className="mb-5">
          Use it
        </Button>
      </form>
      <Why />
    </Panel>
  )
}

/** Only some servers ask for it; those record it with who read which run. */
function Why() {
  const [reason, setTyped] = useState(reasonOf() ?? '')
  const client = useQueryClient()
  return (
    <form
      className="flex items-end gap-2"
      onSubmit={(event) => {
        event.preventDefault()
        setReason(reason)
        void client.invalidateQueries()
      }}
    >
      <div className="flex-1">
        <Field label="Why you look at runs" hint="Where reading is on record, this stands beside your name.">
          <Input maxLength={200} value={reason} onChange={(event) => setTyped(event.target.value)} />
        </Field>
      </div>
      <Button type="submit" className="mb-5">
        Say it
      </Button>
    </form>
  )
}

function ThisPage() {
  const theme = useTheme()
  return (
    <Panel title="This page">
      <Field label="Theme">
        <Select value={theme} onChange={(event) => setTheme(event.target.value as Theme)}>
          <option value="system">as the system</option>
          <option value="light">light</option>
          <option value="dark">dark</option>
        </Select>
      </Field>
    </Panel>
  )
}

const keys = [
  ['⌘K or Ctrl K', 'go to a page, a workflow or a run'],
  ['g, then a letter', 'a page: o overview, r runs, i inbox, f failures, c costs, m models, a audit, w catalogue'],
  ['/', 'the search field of the page'],
  ['j and k', 'up and down in a list; Enter opens'],
  ['Esc', 'closes a dialog'],
] as const

function Keys() {
  return (
    <Panel title="Keys">
      <dl className="space-y-1.5 text-sm">
        {keys.map(([key, what]) => (
          <div key={key} className="flex gap-3">
            <dt className="w-36 shrink-0">
              <kbd className="rounded border border-line px-1.5 text-xs">{key}</kbd>
            </dt>
            <dd className="text-soft">{what}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  )
}
