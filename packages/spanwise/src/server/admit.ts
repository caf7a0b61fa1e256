import type { App, Role } from '../app/index.ts'
import { type Caller, holds, ownTenant } from './caller.ts'
import { approvalUnknown, badRequest, forbidden, runUnknown, tenantMissing } from './refusals.ts'
import type { Scopes, TenantRule } from './route.ts'

interface Asked {
  readonly rule: TenantRule
  readonly role: Role
  readonly params: Readonly<Record<string, unknown>>
  /** header `Spanwise-Tenant`, or `tenant` in the query */
  readonly tenant: string | undefined
}

/**
 * Looks up what a route is about, for this caller: the one place where tenants and roles are checked. What is another tenant's is
 * not there; what is the caller's and needs another role is forbidden.
 * @throws RUN_UNKNOWN, APPROVAL_UNKNOWN, FORBIDDEN, TENANT_MISSING
 */
export async function admit(app: App, caller: Caller, asked: Asked): Promise<Scopes[TenantRule]> {
  const { rule, role, params, tenant } = asked
  switch (rule) {
    case 'run': {
      const id = String(params['run'])
      const run = await app.get(id)
      const state = await run?.status()
      if (run === undefined || state === undefined || !sees(caller, state.tenant, tenant)) throw runUnknown(id)
      need(caller, state.tenant, role)
      return { run, state, tenant: state.tenant }
    }
    case 'approval': {
      const id = String(params['approval'])
      const approval = await app.approval(id)
      if (approval === undefined || !sees(caller, approval.tenant, tenant)) throw approvalUnknown(id)
      need(caller, approval.tenant, role)
      return { approval, tenant: approval.tenant }
    }
    case 'one': {
      const named = tenant ?? ownTenant(caller) ?? (holds(caller, '*', role) ? 'default' : undefined)
      if (named === undefined) throw tenantMissing()
      if (named === '*') throw badRequest('The tenant * stands for all of them; this needs one.')
      need(caller, named, role)
      return { tenant: named }
    }
    case 'some': {
      const named = tenant ?? ownTenant(caller)
      if (named !== undefined && named !== '*') {
        need(caller, named, role)
        return { tenant: named }
      }
      if (!holds(caller, '*', role)) throw named === '*' ? forbidden('see every tenant') : tenantMissing()
      return { tenant: undefined }
    }
    case 'all':
      need(caller, '*', role)
      return {}
    case 'none':
      if (!caller.grants.some((grant) => holds(caller, grant.tenant, role))) throw forbidden(`act as ${role}`)
      return {}
  }
}

/** A caller who has named a tenant sees only that one. */
function sees(caller: Caller, tenant: string, named: string | undefined): boolean {
  return holds(caller, tenant, 'viewer') && (named === undefined || named === '*' || named === tenant)
}

function need(caller: Caller, tenant: string, role: Role): void {
  if (!holds(caller, tenant, role)) {
    throw forbidden(tenant === '*' ? `act as ${role} of all tenants` : `act as ${role} of tenant ${tenant}`)
  }
}
