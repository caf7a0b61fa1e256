/**
 * What a caller of the server may do. `viewer` reads; `operator` starts, signals, cancels, resumes, forks; `approver` answers
 * approvals; `admin` does all of it, and what concerns the store or its keys. Each of them reads.
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
