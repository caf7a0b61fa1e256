import { useState } from 'react'
import { acts, given, useAct, useApiKeys } from '../api/queries.ts'
import type { ApiKey } from '../api/types.ts'
import { Button } from '../parts/button.tsx'
import { CopyButton } from '../parts/copy.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Field, Input, Select } from '../parts/field.tsx'
import { Panel } from '../parts/panel.tsx'
import { Problem } from '../parts/problem.tsx'
import { Table, Td, Th } from '../parts/table.tsx'
import { Ago, useNow } from '../parts/time.tsx'
import { type RoleName, roles } from './roles.tsx'

/** Keys of the API: made, shown once, revoked. */
export function ApiKeys() {
  const keys = useApiKeys()
  const [making, setMaking] = useState(false)
  return (
    <Panel flush title="API keys" actions={<Button onClick={() => setMaking(true)}>New key…</Button>}>
      {keys.error !== null && (
        <div className="p-4">
          <Problem error={keys.error} />
        </div>
      )}
      {keys.data?.length === 0 && (
        <p className="px-4 py-4 text-sm text-soft">
          There is none. On this machine nobody has to show one; a server that others can reach asks for one.
        </p>
      )}
      {(keys.data?.length ?? 0) > 0 && (
        <Table>
          <thead>
            <tr>
              <Th>Name</Th>
              <Th>May</Th>
              <Th>Made</Th>
              <Th>Counts</Th>
              <Th>
                <span className="sr-only">What can be done</span>
              </Th>
            </tr>
          </thead>
          <tbody>
            {keys.data?.map((key) => (
              <Row key={key.id} apiKey={key} />
            ))}
          </tbody>
        </Table>
      )}
      {making && <NewKey onClose={() => setMaking(false)} />}
    </Panel>
  )
}

function Row({ apiKey }: { readonly apiKey: ApiKey }) {
  const { id, name, grants, createdAt, expiresAt, revokedAt } = apiKey
  const now = useNow()
  const [asking, setAsking] = useState(false)
  const revoke = useAct(() => acts.revokeKey(id))
  const isOver = revokedAt !== undefined || (expiresAt !== undefined && Date.parse(expiresAt) <= now)
  return (
    <tr className="hover:bg-raised">
      <Td className={isOver ? 'text-soft line-through' : 'font-medium'}>{name}</Td>
      <Td label="May" className="text-xs">
        {grants.map((grant) => (
          <span key={grant.tenant} className="block">
            {grant.tenant === '*' ? 'every tenant' : grant.tenant}: {grant.roles.join(', ')}
            {grant.approves !== undefined && ` (answers for ${grant.approves.join(', ')})`}
          </span>
        ))}
      </Td>
      <Td label="Made">
        <Ago at={new Date(createdAt)} />
      </Td>
      <Td label="Counts" className="text-xs">
        {revokedAt !== undefined ? (
          <>
            revoked <Ago at={new Date(revokedAt)} />
          </>
        ) : expiresAt === undefined ? (
          'until it is revoked'
        ) : (
          <>
            {isOver ? 'ran out ' : 'runs out '}
            <Ago at={new Date(expiresAt)} />
          </>
        )}
      </Td>
      <Td className="text-right">
        {!isOver &&
          (asking ? (
            <span className="flex justify-end gap-1">
              <Button look="quiet" onClick={() => setAsking(false)}>
                Keep it
              </Button>
              <Button look="danger" disabled={revoke.isPending} onClick={() => revoke.mutate(undefined)}>
                Revoke {name}
              </Button>
            </span>
          ) : (
            <Button look="quiet" aria-label={`Revoke ${name}…`} onClick={() => setAsking(true)}>
              Revoke…
            </Button>
          ))}
        {revoke.error !== null && <Problem error={revoke.error} />}
      </Td>
    </tr>
  )
}

function NewKey({ onClose }: { readonly onClose: () => void }) {
  const [name, setName] = useState('')
  const [tenant, setTenant] = useState('*')
  const [chosen, setChosen] = useState<readonly RoleName[]>(['viewer'])
  const [approves, setApproves] = useState('')
  const [expires, setExpires] = useState('90d')
  const canApprove = chosen.includes('approver') || chosen.includes('admin')
  const answersFor = approves
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean)
  const make = useAct(() =>
    acts.createKey({
      name,
      grants: [
        { tenant, roles: [...chosen], ...(canApprove && answersFor.length > 0 ? { approves: answersFor } : {}) },
      ],
      ...given({ expires: expires === '' ? undefined : expires }),
    }),
  )
  if (make.data !== undefined)
    return (
      <Dialog
        open
        onClose={onClose}
        title={`The key of ${make.data.name}`}
        about="Copy it now: it is kept as a hash, and shown nowhere again."
      >
        <p className="rounded-md border border-line bg-page px-3 py-2 font-mono text-xs break-all">
          {make.data.secret}
        </p>
        <div className="mt-4 flex justify-end gap-2">
          <CopyButton text={make.data.secret} label="Copy key" />
          <Button look="primary" onClick={onClose}>
            I have it
          </Button>
        </div>
      </Dialog>
    )
  return (
    <Dialog open onClose={onClose} title="New key" about="For a program or a person. It counts at once.">
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          make.mutate(undefined)
        }}
      >
        <Field label="Name" hint="Is recorded as who did something.">
          <Input required value={name} onChange={(event) => setName(event.target.value)} />
        </Field>
        <Field label="Tenant" hint="* for every one.">
          <Input required value={tenant} onChange={(event) => setTenant(event.target.value)} />
        </Field>
        <fieldset className="space-y-1.5">
          <legend className="mb-1 text-sm font-medium">May</legend>
          {roles.map((role) => (
            <label key={role.name} className="flex items-start gap-2 text-sm">
              <input
                type="checkbox"
                className="mt-1"
                checked={chosen.includes(role.name)}
                onChange={(event) =>
                  setChosen(event.target.checked ? [...chosen, role.name] : chosen.filter((one) => one !== role.name))
                }
              />
              <span>
                {role.name} <span className="text-soft">{role.may}</span>
              </span>
            </label>
          ))}
        </fieldset>
        {canApprove && (
          <Field label="Answers for" hint="Roles that approvals ask for, like finance; * for all; with commas.">
            <Input value={approves} onChange={(event) => setApproves(event.target.value)} />
          </Field>
        )}
        <Field label="Runs out">
          <Select value={expires} onChange={(event) => setExpires(event.target.value)}>
            <option value="1d">after a day</option>
            <option value="30d">after 30 days</option>
            <option value="90d">after 90 days</option>
            <option value="365d">after a year</option>
            <option value="">never</option>
          </Select>
        </Field>
        {make.error !== null && <Problem error={make.error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Close</Button>
          <Button look="primary" type="submit" disabled={chosen.length === 0 || make.isPending}>
            Make the key
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
