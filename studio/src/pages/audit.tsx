import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useActs, useDecisions } from '../api/queries.ts'
import { Button } from '../parts/button.tsx'
import { Code, Empty } from '../parts/empty.tsx'
import { Input, Select } from '../parts/field.tsx'
import { formatMoney } from '../parts/format.ts'
import { PageHead, Panel } from '../parts/panel.tsx'
import { Problem } from '../parts/problem.tsx'
import { RunLink } from '../parts/run-link.tsx'
import { Table, Td, Th } from '../parts/table.tsx'
import { Ago } from '../parts/time.tsx'
import { type AuditSearch, outcomes, readAuditSearch } from './audit-search.ts'
import { EraseDialog } from './erase-dialog.tsx'

/** Decisions that a model had a part in: what decided, on what, at what cost. */
export function Audit() {
  const search = useSearch({ from: '/audit' })
  const decisions = useDecisions(search)
  const [erasing, setErasing] = useState(false)
  const items = decisions.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <>
      <PageHead
        title="Audit"
        about="Decisions that a model had a part in, or that a step says it makes: computed from the journal, which is sealed."
        actions={<Button onClick={() => setErasing(true)}>Erase a subject…</Button>}
      />
      {decisions.error !== null && <Problem error={decisions.error} />}
      <Panel flush>
        <Filters key={JSON.stringify(search)} search={search} />
        {decisions.data !== undefined && items.length === 0 ? (
          <Empty title={Object.keys(search).length === 0 ? 'Nothing has been decided yet.' : 'No decision fits this.'}>
            A step that asks a model is a decision; one without a model says so:
            <Code>{"step('credit-check', { decision: true }, check)"}</Code>
          </Empty>
        ) : (
          <Table>
            <thead>
              <tr>
                <Th>Decision</Th>
                <Th>Workflow</Th>
                <Th>Model</Th>
                <Th>Prompt</Th>
                <Th className="text-right">Cost</Th>
                <Th>Outcome</Th>
                <Th>When</Th>
              </tr>
            </thead>
            <tbody>
              {items.map(({ id, run, index, workflow, label, key, models, prompts, cost, outcome, at }) => (
                <tr key={id} className="hover:bg-raised">
                  <Td>
                    <Link
                      to="/audit/$run/$index"
                      params={{ run, index: String(index) }}
                      data-row
                      className="font-medium hover:underline"
                    >
                      {label ?? readable(key)}
                    </Link>
                  </Td>
                  <Td label="Workflow">{workflow}</Td>
                  <Td label="Model">{models.join(', ') || <span className="text-soft">none</span>}</Td>
                  <Td label="Prompt">{prompts.join(', ') || <span className="text-soft">none</span>}</Td>
                  <Td label="Cost" className="text-right">
                    {formatMoney(BigInt(cost))}
                  </Td>
                  <Td label="Outcome" className={outcome === 'failed' ? 'text-bad' : ''}>
                    {outcome}
                  </Td>
                  <Td label="When">
                    <Ago at={new Date(at)} />
                  </Td>
                </tr>
              ))}
            </tbody>
          </Table>
        )}
        {decisions.hasNextPage && (
          <div className="p-3 text-center">
            <Button onClick={() => void decisions.fetchNextPage()}>Older ones</Button>
          </div>
        )}
      </Panel>
      <Acts />
      {erasing && <EraseDialog onClose={() => setErasing(false)} />}
    </>
  )
}

const words = {
  confirmed: 'call confirmed',
  erased: 'erased',
  held: 'legal hold',
  released: 'hold released',
  read: 'read',
} as const

/** What was done to the record itself; nothing for those who may not see it. */
function Acts() {
  const acts = useActs()
  if (acts.data === undefined || acts.data.length === 0) return null
  return (
    <div className="mt-4">
      <Panel flush title="What was done to the record itself">
        <Table>
          <thead>
            <tr>
              <Th>What</Th>
              <Th>Of</Th>
              <Th>Why</Th>
              <Th>By</Th>
              <Th>When</Th>
            </tr>
          </thead>
          <tbody>
            {acts.data.map(({ id, kind, run, subject, reason, by, second, at }) => (
              <tr key={id} className="hover:bg-raised">
                <Td className={kind === 'erased' ? 'text-bad' : ''}>{words[kind]}</Td>
                <Td label="Of">
                  {run === undefined ? <code className="text-xs">subject {subject}</code> : <RunLink run={run} />}
                </Td>
                <Td label="Why">{reason}</Td>
                <Td label="By">{second === undefined ? by : `${by} and ${second}`}</Td>
                <Td label="When">
                  <Ago at={new Date(at)} />
                </Td>
              </tr>
            ))}
          </tbody>
        </Table>
      </Panel>
    </div>
  )
}

/** Keys of model calls hold a token of what was asked. */
export function readable(key: string): string {
  return key.replace(/^model\[[^\]]*\]/, 'model')
}

const fields = ['workflow', 'model', 'prompt', 'subject', 'approver'] as const

function Filters({ search }: { readonly search: AuditSearch }) {
  const navigate = useNavigate({ from: '/audit' })
  const [typed, setTyped] = useState<AuditSearch>(search)
  const go = (next: object): void => void navigate({ to: '/audit', search: readAuditSearch({ ...next }) })
  return (
    <form
      className="flex flex-wrap items-center gap-2 border-b border-line px-4 py-2.5"
      onSubmit={(event) => {
        event.preventDefault()
        go(typed)
      }}
    >
      {fields.map((name) => (
        <Input
          key={name}
          type="search"
          className="!w-36"
          aria-label={name}
          placeholder={name}
          value={typed[name] ?? ''}
          onChange={(event) => setTyped({ ...typed, [name]: event.target.value })}
        />
      ))}
      <Select
        aria-label="Outcome"
        className="!w-auto"
        value={search.outcome ?? ''}
        onChange={(event) => go({ ...typed, outcome: event.target.value })}
      >
        <option value="">any outcome</option>
        {outcomes.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </Select>
      <Button type="submit">Find</Button>
    </form>
  )
}
