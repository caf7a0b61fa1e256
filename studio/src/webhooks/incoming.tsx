import { Link } from '@tanstack/react-router'
import type { Webhook } from '../api/types.ts'
import { formatCount } from '../parts/format.ts'
import { Table, Td, Th } from '../parts/table.tsx'
import { Ago } from '../parts/time.tsx'
import { Off, Switch } from './switch.tsx'

export function Incoming({ webhooks }: { readonly webhooks: readonly Webhook[] }) {
  return (
    <Table>
      <thead>
        <tr>
          <Th>Address</Th>
          <Th>Signed as</Th>
          <Th>Does</Th>
          <Th className="text-right">Taken</Th>
          <Th className="text-right">Repeated</Th>
          <Th className="text-right">Ignored</Th>
          <Th>Latest</Th>
          <Th>Refused</Th>
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
  const { name, verify, start, signal, accepted, repeated, ignored, refused, lastAt, refusedAt, refusal } = webhook
  return (
    <tr className="hover:bg-raised">
      <Td>
        <code className="text-xs">POST /webhooks/{name}</code>
        <Off webhook={webhook} />
      </Td>
      <Td label="Signed as">{verify}</Td>
      <Td label="Does">
        {start !== undefined && (
          <>
            starts{' '}
            <Link to="/runs" search={{ workflow: start }} className="text-accent hover:underline">
              {start}
            </Link>
          </>
        )}
        {signal !== undefined && `signals ${signal}`}
      </Td>
      <Td label="Taken" className="text-right">
        {formatCount(accepted)}
      </Td>
      <Td label="Repeated" className="text-right">
        {formatCount(repeated)}
      </Td>
      <Td label="Ignored" className="text-right">
        {formatCount(ignored)}
      </Td>
      <Td label="Latest">{lastAt === undefined ? 'none yet' : <Ago at={new Date(lastAt)} />}</Td>
      <Td label="Refused">
        {refused === 0 ? (
          'none'
        ) : (
          <span className="text-bad">
            {formatCount(refused)}
            <span className="block text-xs">
              <code>{refusal}</code> {refusedAt !== undefined && <Ago at={new Date(refusedAt)} />}
            </span>
          </span>
        )}
      </Td>
      <Td className="sm:text-right">
        <Switch webhook={webhook} />
      </Td>
    </tr>
  )
}
