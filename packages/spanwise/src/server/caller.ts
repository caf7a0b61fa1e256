import type { Grant, Role } from '../app/index.ts'

/** Who asks. */
export interface Caller {
  /** tells callers apart */
  readonly id: string
  /** is recorded as who decided or operated */
  readonly name: string
  readonly grants: readonly Grant[]
  /** nobody said who they are: somebody at this machine */
  readonly isLocal?: boolean
}

/** Every tenant, and everything. */
export const everything: readonly Grant[] = [{ tenant: '*', roles: ['admin'], approves: ['*'] }]

export function holds(caller: Caller, tenant: string, role: Role): boolean {
  return grantsIn(caller, tenant).some(
    (grant) => role === 'viewer' || grant.roles.includes(role) || grant.roles.includes('admin'),
  )
}

/** Whether the caller may answer an approval that asks for a role, or for none. */
export function approves(caller: Caller, tenant: string, asked: string | undefined): boolean {
  return grantsIn(caller, tenant).some(
    (grant) =>
      (grant.roles.includes('approver') || grant.roles.includes('admin')) &&
      (asked === undefined || grant.approves?.includes(asked) === true || grant.approves?.includes('*') === true),
  )
}

/** The only tenant that the caller has anything to do with. */
export function ownTenant(caller: Caller): string | undefined {
  const tenants = new Set(caller.grants.map(({ tenant }) => tenant))
  const [only] = tenants
  return tenants.size === 1 && only !== '*' ? only : undefined
}

function grantsIn(caller: Caller, tenant: string): readonly Grant[] {
  return caller.grants.filter((grant) => grant.roles.length > 0 && (grant.tenant === '*' || grant.tenant === tenant))
}
