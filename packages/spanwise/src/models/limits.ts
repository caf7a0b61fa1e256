import { isSpanwiseError } from '../journal/index.ts'
import type { ModelCall } from '../workflow/index.ts'
import type { Alias } from './alias.ts'
import type { Heard } from './ask.ts'
import { CandidateError } from './failure.ts'
import type { Limits, Member } from './member.ts'

interface Admission {
  readonly alias: Alias
  readonly member: Member
  readonly call: ModelCall
  readonly signal: AbortSignal
  /** that it may use at most */
  readonly tokens: number
}

interface Claim {
  readonly key: string
  readonly limit?: number
  readonly rate?: { readonly limit: number; readonly per: number }
  readonly amount?: number
}

const minute = 60_000

/** Waits until the limits of the candidate and of the tenant have room. Tokens that were not used are given back. */
export async function admitted(of: Admission, ask: () => Promise<Heard>): Promise<Heard> {
  const { alias, member, call, signal } = of
  const tenant = call.run?.tenant
  const claims = [
    ...claimsOf(`model/${member.account}`, member.limits, member.adaptive.share, of.tokens),
    ...(alias.perTenant === undefined || tenant === undefined
      ? []
      : claimsOf(`model-tenant/${alias.name}/${tenant}`, alias.perTenant, 1, of.tokens)),
  ]
  if (claims.length === 0) return ask()
  const { priority, deadline } = call.run ?? {}
  const lease = await call.home.limiter
    .acquire({ claims, tenant, priority, deadline, signal })
    .catch((error: unknown) => {
      throw isSpanwiseError(error) ? new CandidateError('rate limit', error.message, { cause: error }) : error
    })
  try {
    const heard = await ask()
    const { input, output } = heard.usage
    if (input !== undefined && output !== undefined)
      lease.settle(Object.fromEntries(claims.filter(isTokens).map(({ key }) => [key, input + output])))
    return heard
  } finally {
    lease.release()
  }
}

/** Each limit has a key of its own, so that what is used of one can be settled alone. */
function claimsOf(name: string, { concurrency, rpm, tpm }: Limits, share: number, tokens: number): readonly Claim[] {
  const part = (limit: number): number => Math.max(1, Math.floor(limit * share))
  return [
    ...(concurrency === undefined ? [] : [{ key: `${name}/at once`, limit: part(concurrency) }]),
    ...(rpm === undefined ? [] : [{ key: `${name}/requests`, rate: { limit: part(rpm), per: minute } }]),
    // one that may use more than a minute has is let through when the minute is free
    ...(tpm === undefined
      ? []
      : [{ key: `${name}/tokens`, rate: { limit: part(tpm), per: minute }, amount: Math.min(tokens, part(tpm)) }]),
  ]
}

function isTokens({ key }: Claim): boolean {
  return key.endsWith('/tokens')
}
