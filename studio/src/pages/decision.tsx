import { Link, useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useDecision, useLineage } from '../api/queries.ts'
import { formatMoney } from '../parts/format.ts'
import { JsonView } from '../parts/json.tsx'
import { PageHead, Panel } from '../parts/panel.tsx'
import { Problem } from '../parts/problem.tsx'
import { RunLink } from '../parts/run-link.tsx'
import { Table, Td, Th } from '../parts/table.tsx'
import { ExactTime } from '../parts/time.tsx'
import { readable } from './audit.tsx'
import { Evidence } from './evidence.tsx'

/** All that is on record about one decision. */
export function Decision() {
  const { run, index } = useParams({ from: '/audit/$run/$index' })
  const decision = useDecision(run, Number(index))
  const lineage = useLineage(run, Number(index))
  if (decision.error !== null) return <Problem error={decision.error} />
  if (decision.data === undefined) return <p className="text-soft">Loading…</p>
  const { label, key, workflow, release, at, outcome, models, prompts, cost, subject } = decision.data
  const { input, result, error, calls, documents, retries, effects } = decision.data
  return (
    <>
      <PageHead
        title={label ?? readable(key)}
        about={
          <>
            <Link to="/audit" className="hover:underline">
              Audit
            </Link>{' '}
            · {workflow}, release {release ?? 'unknown'} · <RunLink run={run} /> · <ExactTime at={new Date(at)} />
          </>
        }
      />
      <div className="grid gap-4 lg:grid-cols-2">
        <Panel title="In short">
          <dl className="space-y-1.5 text-sm">
            <Fact name="Outcome">{outcome}</Fact>
            <Fact name="Model">{models.join(', ') || 'none'}</Fact>
            <Fact name="Prompt">{prompts.join(', ') || 'none by name'}</Fact>
            <Fact name="Cost">{formatMoney(BigInt(cost))}</Fact>
            <Fact name="About">{subject ?? 'nobody'}</Fact>
            <Fact name="Tried before">
              {retries.length === 0 ? 'no' : retries.map((one) => `${one.why} [${one.index}]`).join(', ')}
            </Fact>
            <Fact name="Read">{documents.map((one) => one.id).join(', ') || 'no documents'}</Fact>
          </dl>
        </Panel>
        <Panel title="What had a part in it" flush>
          <Table>
            <thead>
              <tr>
                <Th>What</Th>
                <Th>Kind</Th>
                <Th>Entry</Th>
              </tr>
            </thead>
            <tbody>
              {lineage.data?.sources.map((source) => (
                <tr key={`${source.kind} ${source.name} ${source.index}`}>
                  <Td>
                    {readable(source.name)}
                    {!source.direct && <span className="text-xs text-soft"> through an earlier step</span>}
                  </Td>
                  <Td label="Kind">{source.kind}</Td>
                  <Td label="Entry">
                    <EntryLink run={run} index={source.index} />
                  </Td>
                </tr>
              ))}
            </tbody>
          </Table>
        </Panel>
        <Panel title="It was given">
          <JsonView value={input} open={3} />
        </Panel>
        <Panel title={error === undefined ? 'It answered' : 'It failed with'}>
          <JsonView value={error ?? result} open={3} />
        </Panel>
        {calls.length > 0 && (
          <Panel title="Models that were asked">
            <JsonView value={calls} open={2} />
          </Panel>
        )}
        <Panel title="What came of it">
          {effects.length === 0 ? (
            <p className="text-sm text-soft">Nothing yet.</p>
          ) : (
            <ul className="space-y-1 text-sm">
              {effects.map((effect) => (
                <li key={`${effect.key} ${effect.index}`}>
                  <EntryLink run={run} index={effect.index} /> {readable(effect.key) || 'the run'}{' '}
                  <span className="text-soft">
                    {effect.kind}, {effect.state}
                  </span>
                </li>
              ))}
            </ul>
          )}
        </Panel>
        <Panel title="Evidence">
          <Evidence run={run} />
        </Panel>
      </div>
    </>
  )
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className="flex gap-3">
      <dt className="w-28 shrink-0 text-soft">{name}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </div>
  )
}

function EntryLink({ run, index }: { readonly run: string; readonly index: number }) {
  return (
    <Link to="/runs/$run" params={{ run }} search={{ entry: index }} className="text-accent underline">
      [{index}]
    </Link>
  )
}
