import { Link } from '@tanstack/react-router'
import { acts, useAct } from '../api/queries.ts'
import type { Webhook } from '../api/types.ts'
import { Button } from '../parts/button.tsx'
import { formatCount } from '../parts/format.ts'
import { Problem } from '../parts/problem.tsx'
import { Table, Td, Th } from '../parts/table.tsx'
import { Off, Switch } from './switch.tsx'
import { deliveryStates } from './webhooks-search.ts'

export function Outgoing({ webhooks }: { readonly webhooks: readonly Webhook[] }) {
  return (
    <Table>
      <thead>
        <tr>
          <Th>Webhook</Th>
          <Th>To</Th>
          <Th>Is told of</Th>
          <Th className="text-right">Pending</Th>
          <Th className="text-right">Delivered</Th>
          <Th className="text-right">Dead</Th>
          <Th>
            <span className="sr-only">What can be done</span>
          </Th>
        </tr>
      </thead>
      <tbody>
        {webhooks.map((webhook) => (
          <Row key={webhook.name} webhook={webhook} />
        ))}
      </tbody>
    </Table>
  )
}

function Row({ webhook }: { readonly webhook: Webhook }) {
  const { name, to, events, dead } = webhook
  const act = useAct((what: (webhook: string) => Promise<unknown>) => what(name))
  return (
    <tr className="hover:bg-raised">
      <Td>
        <span className="font-medium">{name}</span>
        <Off webhook={webhook} />
      </Td>
      <Td label="To">{to}</Td>
      <Td label="Is told of" className="text-xs">
        {events?.join(', ')}
      </Td>
      {deliveryStates.map((state) => (
        <Td key={state} label={state} className="text-right">
          <Link
            to="/webhooks"
            search={{ webhook: name, state }}
            className={`hover:underline ${state === 'dead' && dead > 0 ? 'text-bad' : ''}`}
          >
            {formatCount(webhook[state])}
          </Link>
        </Td>
      ))}
      <Td>
        <span className="flex flex-wrap gap-1 sm:justify-end">
          {dead > 0 && (
            <Button look="quiet" disabled={act.isPending} onClick={() => act.mutate(acts.resendDead)}>
              Send the dead again
            </Button>
          )}
          <Button look="quiet" disabled={act.isPending} onClick={() => act.mutate(acts.testWebhook)}>
            Test
          </Button>
          <Switch webhook={webhook} />
        </span>
        {act.error !== null && <Problem error={act.error} />}
      </Td>
    </tr>
  )
}
