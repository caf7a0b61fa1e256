import { useNavigate, useSearch } from '@tanstack/react-router'
import { acts, useAct, useDeliveries } from '../api/queries.ts'
import type { Delivery, Webhook } from '../api/types.ts'
import { Button } from '../parts/button.tsx'
import { Empty } from '../parts/empty.tsx'
import { Select } from '../parts/field.tsx'
import { Panel } from '../parts/panel.tsx'
import { Problem } from '../parts/problem.tsx'
import { RunLink } from '../parts/run-link.tsx'
import { Table, Td, Th } from '../parts/table.tsx'
import { Ago } from '../parts/time.tsx'
import { deliveryStates, readWebhooksSearch, type WebhooksSearch } from './webhooks-search.ts'

/** What was told and what is to be, newest first; each of them can be sent again. */
export function Deliveries({ webhooks }: { readonly webhooks: readonly Webhook[] }) {
  const search = useSearch({ from: '/webhooks' })
  const deliveries = useDeliveries(search)
  const items = deliveries.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Panel flush title="Deliveries" actions={<Filters search={search} webhooks={webhooks} />}>
      {deliveries.error !== null && <Problem error={deliveries.error} />}
      {deliveries.data !== undefined && items.length === 0 ? (
        <Empty title="Nothing of this kind has been told.">
          What happens in runs from now on is told from the log.
        </Empty>
      ) : (
        <Table>
          <thead>
            <tr>
              <Th>Told</Th>
              <Th>Webhook</Th>
              <Th>Run</Th>
              <Th>State</Th>
              <Th>Answer</Th>
              <Th>When</Th>
              <Th>
                <span className="sr-only">What can be done</span>
              </Th>
            </tr>
          </thead>
          <tbody>
            {items.map((delivery) => (
              <Row key={delivery.id} delivery={delivery} />
            ))}
          </tbody>
        </Table>
      )}
      {deliveries.hasNextPage && (
        <div className="p-3 text-center">
          <Button disabled={deliveries.isFetchingNextPage} onClick={() => void deliveries.fetchNextPage()}>
            Older ones
          </Button>
        </div>
      )}
    </Panel>
  )
}

function Filters({ search, webhooks }: { readonly search: WebhooksSearch; readonly webhooks: readonly Webhook[] }) {
  const navigate = useNavigate()
  const set = (change: Record<string, string>): void =>
    void navigate({ to: '/webhooks', search: readWebhooksSearch({ ...search, ...change }), replace: true })
  return (
    <>
      <Select
        aria-label="Webhook"
        className="!w-auto"
        value={search.webhook ?? ''}
        onChange={(event) => set({ webhook: event.target.value })}
      >
        <option value="">any webhook</option>
        {webhooks.map(({ name }) => (
          <option key={name}>{name}</option>
        ))}
      </Select>
      <Select
        aria-label="State"
        className="!w-auto"
        value={search.state ?? ''}
        onChange={(event) => set({ state: event.target.value })}
      >
        <option value="">any state</option>
        {deliveryStates.map((state) => (
          <option key={state}>{state}</option>
        ))}
      </Select>
    </>
  )
}

const looks = {
  pending: { colour: 'text-wait', sign: '◌' },
  delivered: { colour: 'text-good', sign: '✓' },
  dead: { colour: 'text-bad', sign: '✕' },
} as const

function Row({ delivery }: { readonly delivery: Delivery }) {
  const { id, webhook, type, run, at, state, attempts, nextAt, status, error } = delivery
  const resend = useAct(() => acts.resendDelivery(id))
  const { colour, sign } = looks[state]
  return (
    <tr className="hover:bg-raised">
      <Td>
        <span className="font-medium">{type}</span>
        <span className="block font-mono text-[11px] text-soft">{id}</span>
      </Td>
      <Td label="Webhook">{webhook}</Td>
      <Td label="Run">{run === undefined ? '–' : <RunLink run={run} />}</Td>
      <Td label="State">
        <span className={colour}>
          {sign} {state}
        </span>
        <span className="block text-xs text-soft">
          {attempts === 1 ? '1 attempt' : `${attempts} attempts`}
          {state === 'pending' && nextAt !== undefined && (
            <>
              , next <Ago at={new Date(nextAt)} />
            </>
          )}
        </span>
      </Td>
      <Td label="Answer" className="text-xs">
        {status ?? error ?? '–'}
      </Td>
      <Td label="When">
        <Ago at={new Date(at)} />
      </Td>
      <Td className="sm:text-right">
        {state !== 'pending' && (
          <Button look="quiet" disabled={resend.isPending} onClick={() => resend.mutate(undefined)}>
            Send again
          </Button>
        )}
        {resend.error !== null && <Problem error={resend.error} />}
      </Td>
    </tr>
  )
}
