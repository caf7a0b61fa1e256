import { Panel } from '../parts/panel.tsx'
import { Table, Td, Th } from '../parts/table.tsx'

export const roles = [
  { name: 'viewer', may: 'see runs, histories, costs, decisions' },
  { name: 'operator', may: 'start, signal, cancel, resume and fork; pause schedules' },
  { name: 'approver', may: 'answer approvals that ask for a role of theirs' },
  { name: 'admin', may: 'all of it, make keys, let runs go, erase' },
] as const

export type RoleName = (typeof roles)[number]['name']

/** What a role may do; each is given for a tenant, or for all. */
export function Roles() {
  return (
    <Panel flush title="Roles">
      <Table>
        <thead>
          <tr>
            <Th>Role</Th>
            <Th>May</Th>
          </tr>
        </thead>
        <tbody>
          {roles.map(({ name, may }) => (
            <tr key={name}>
              <Td className="font-medium">{name}</Td>
              <Td>{may}</Td>
            </tr>
          ))}
        </tbody>
      </Table>
      <p className="px-4 py-3 text-xs text-soft">
        Each is given for one tenant or for all, to a key or by the provider of OpenID tokens. Whoever has any role sees
        what a viewer sees.
      </p>
    </Panel>
  )
}
