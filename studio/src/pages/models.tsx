import { useNavigate, useSearch } from '@tanstack/react-router'
import { useModels } from '../api/queries.ts'
import type { Candidate, ModelUse } from '../api/types.ts'
import { Code, Empty } from '../parts/empty.tsx'
import { Select } from '../parts/field.tsx'
import { formatCount, formatDuration, formatMoney, formatPercent } from '../parts/format.ts'
import { PageHead, Panel } from '../parts/panel.tsx'
import { Problem } from '../parts/problem.tsx'
import { RunLink } from '../parts/run-link.tsx'
import { Table, Td, Th } from '../parts/table.tsx'
import { Ago, useNow } from '../parts/time.tsx'
import { modelPeriods } from './models-search.ts'

interface Row {
  readonly alias: string
  readonly provider: string
  readonly model: string
  readonly candidate: Candidate | undefined
  readonly use: ModelUse | undefined
}

/** Who is asked behind each alias, how they are doing now, and what they did. */
export function Models() {
  const { period = '7d' } = useSearch({ from: '/models' })
  const navigate = useNavigate({ from: '/models' })
  const { candidates, use } = useModels(period)
  const rows = rowsOf(candidates.data?.items ?? [], use.data?.items ?? [])
  const aliases = Map.groupBy(rows, ({ alias }) => alias)
  const changed = (use.data?.items ?? []).filter(({ identities }) => identities.length > 1)
  const isEmpty = candidates.data !== undefined && use.data !== undefined && rows.length === 0
  return (
    <>
      <PageHead
        title="Models"
        about="Candidates behind each alias: how they are doing in the process that works, and what they did by the journal."
        actions={
          <Select
            aria-label="Period"
            className="!w-auto"
            value={period}
            onChange={(event) =>
              void navigate({ to: '/models', search: { period: event.target.value as (typeof modelPeriods)[number] } })
            }
          >
            {modelPeriods.map((one) => (
              <option key={one} value={one}>
                last {one}
              </option>
            ))}
          </Select>
        }
      />
      {candidates.error !== null && <Problem error={candidates.error} />}
      {use.error !== null && <Problem error={use.error} />}
      {isEmpty ? (
        <Panel>
          <Empty title="No gateway, and no call on record.">
            Name the gateway in <code>spanwise.config.ts</code>, with a second candidate for bad days:
            <Code>{"gateway({ models: { fast: [openai('gpt-5-mini'), anthropic('claude-haiku-4-5')] } })"}</Code>
          </Empty>
        </Panel>
      ) : (
        <div className="space-y-4">
          {candidates.data?.isKnown === false && rows.length > 0 && (
            <p className="rounded-md bg-warn-tint px-3 py-2 text-sm text-warn">
              Nobody works on the store, or no gateway was given to the app: how they are doing now is not known.
            </p>
          )}
          {[...aliases].map(([alias, some]) => (
            <Panel key={alias} flush title={alias}>
              <AliasTable rows={some} isKnown={candidates.data?.isKnown === true} />
            </Panel>
          ))}
          {rows.length > 0 && <Changes changed={changed} />}
        </div>
      )}
    </>
  )
}

/** Those of the gateway in its order, then those that were asked before and are not in it any more. */
function rowsOf(candidates: readonly Candidate[], uses: readonly ModelUse[]): readonly Row[] {
  const isSame = (a: Row | Candidate | ModelUse, b: ModelUse): boolean =>
    a.alias === b.alias && a.provider === b.provider && a.model === b.model
  const known = candidates.map((candidate): Row => {
    const { alias, provider, model } = candidate
    return { alias, provider, model, candidate, use: uses.find((one) => isSame(candidate, one)) }
  })
  const past = uses
    .filter((one) => !known.some((row) => isSame(row, one)))
    .map((one): Row => ({ ...one, candidate: undefined, use: one }))
  return [...known, ...past]
}

function AliasTable({ rows, isKnown }: { readonly rows: readonly Row[]; readonly isKnown: boolean }) {
  return (
    <Table>
      <thead>
        <tr>
          <Th>Candidate</Th>
          <Th>Now</Th>
          <Th className="w-32">Share of calls</Th>
          <Th className="text-right">Calls</Th>
          <Th className="text-right">Failed</Th>
          <Th className="text-right">Median</Th>
          <Th className="text-right">p95</Th>
          <Th className="text-right">Cost</Th>
          <Th className="text-right">$ / 1M in / out</Th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ provider, model, candidate, use }) => (
          <tr key={`${provider} ${model}`} className="hover:bg-raised">
            <Td>
              <span className="font-medium">{model}</span>
              <span className="block text-xs text-soft">
                {provider}
                {candidate?.answered !== undefined &&
                  candidate.answered !== model &&
                  ` · answers as ${candidate.answered}`}
              </span>
            </Td>
            <Td label="Now">
              {candidate === undefined ? <Soft>not a candidate now</Soft> : isKnown && <Health one={candidate} />}
            </Td>
            <Td label="Share of calls">{use === undefined ? <Soft>not asked</Soft> : <Share value={use.share} />}</Td>
            <Td label="Calls" className="text-right">
              {formatCount(use?.calls ?? 0)}
            </Td>
            <Td label="Failed" className={`text-right ${(use?.failed ?? 0) > 0 ? 'text-bad' : ''}`}>
              {formatCount(use?.failed ?? 0)}
            </Td>
            <Td label="Median" className="text-right">
              {use?.p50 === undefined ? '–' : formatDuration(use.p50)}
            </Td>
            <Td label="p95" className="text-right">
              {use?.p95 === undefined ? '–' : formatDuration(use.p95)}
            </Td>
            <Td label="Cost" className="text-right">
              {use === undefined ? '–' : formatMoney(BigInt(use.cost))}
              {(use?.unpriced ?? 0) > 0 && (
                <span className="block text-xs text-warn">{formatCount(use?.unpriced ?? 0)} without a price</span>
              )}
            </Td>
            <Td label="$ / 1M in / out" className="text-right whitespace-nowrap">
              {use?.price === undefined ? (
                <Soft>{use === undefined ? '–' : 'unknown'}</Soft>
              ) : (
                <span title={use.price.source}>
                  {use.price.input ?? '–'} / {use.price.output ?? '–'}
                </span>
              )}
            </Td>
          </tr>
        ))}
      </tbody>
    </Table>
  )
}

/** Told by a sign and words, not by colour alone. */
function Health({ one }: { readonly one: Candidate }) {
  const now = useNow()
  const rests = Date.parse(one.from) > now
  if (one.breaker === 'half open') return <span className="text-wait">◐ is being tried</span>
  if (!rests && one.breaker === 'closed') return <span className="whitespace-nowrap text-good">✓ closed, ok</span>
  return (
    <span className={one.breaker === 'open' ? 'text-bad' : 'text-warn'}>
      {one.breaker === 'open' ? '✕ open: failing' : '▲ limited'}
      {rests ? (
        <>
          , asked again <Ago at={new Date(one.from)} />
        </>
      ) : (
        ', tried next'
      )}
    </span>
  )
}

function Share({ value }: { readonly value: number }) {
  return (
    <span className="flex items-center gap-2 whitespace-nowrap">
      <span aria-hidden="true" className="h-2 w-14 shrink-0 overflow-hidden rounded bg-raised">
        <span className="block h-full bg-accent" style={{ width: `${value * 100}%` }} />
      </span>
      {formatPercent(value)}
    </span>
  )
}

function Soft({ children }: { readonly children: string }) {
  return <span className="text-soft">{children}</span>
}

/** Another model behind a name that had not changed. */
function Changes({ changed }: { readonly changed: readonly ModelUse[] }) {
  return (
    <Panel flush title="Silent changes">
      {changed.length === 0 ? (
        <p className="px-4 py-4 text-sm text-soft">
          Each model was answered by one and the same in this time, as far as providers say who answers.
        </p>
      ) : (
        <Table>
          <thead>
            <tr>
              <Th>Asked</Th>
              <Th>Answered by</Th>
              <Th>First seen</Th>
              <Th>Last seen</Th>
              <Th className="text-right">Calls</Th>
              <Th>In run</Th>
            </tr>
          </thead>
          <tbody>
            {changed.flatMap(({ alias, provider, model, identities }) =>
              identities.map(({ answered, firstSeen, lastSeen, calls, run }, i) => (
                <tr key={`${alias} ${provider} ${model} ${answered}`} className="hover:bg-raised">
                  <Td>
                    {i === 0 && (
                      <>
                        {model} <span className="text-xs text-soft">{alias}</span>
                      </>
                    )}
                  </Td>
                  <Td label="Answered by" className={i === 0 ? '' : 'font-medium text-warn'}>
                    {i > 0 && '▲ '}
                    {answered}
                  </Td>
                  <Td label="First seen">
                    <Ago at={new Date(firstSeen)} />
                  </Td>
                  <Td label="Last seen">
                    <Ago at={new Date(lastSeen)} />
                  </Td>
                  <Td label="Calls" className="text-right">
                    {formatCount(calls)}
                  </Td>
                  <Td label="In run">
                    <RunLink run={run} />
                  </Td>
                </tr>
              )),
            )}
          </tbody>
        </Table>
      )}
    </Panel>
  )
}
