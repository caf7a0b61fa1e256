/**
 * What a caller may do. `viewer` reads; `operator` starts, signals, cancels, resumes, forks; `approver` answers approvals; `admin`
 * does all of it, and what concerns the store or its keys. Each of them reads.
 */
export const roles = ['viewer', 'operator', 'approver', 'admin'] as const

export type Role = (typeof roles)[number]

/** Roles within one tenant, or in all (`*`). */
export interface Grant {
  readonly tenant: string
  readonly roles: readonly Role[]
  /** the roles that approvals ask for, which this caller may answer for; `*` for all. Without it: only approvals that name none */
  readonly approves?: readonly string[] | undefined
}

/** Who asks. */
export interface Caller {
  /** is recorded as who decided or operated */
  readonly name: string
  readonly grants: readonly Grant[]
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
