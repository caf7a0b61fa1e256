import type { OidcOptions } from '../app/index.ts'
import { SpanwiseError } from '../journal/index.ts'
import type { Caller } from './caller.ts'
import { isLoopback } from './guard.ts'

/** signatures of asymmetric keys only: a provider's public key must not serve as a shared secret */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']

/** Checks tokens of an OpenID provider against the keys that it publishes. Undefined for those that do not count. */
export function oidcTokens(options: OidcOptions): (token: string) => Promise<Caller | undefined> {
  const { issuer, audience, grants } = options
  checkIssuer(issuer)
  type Verify = (token: string) => Promise<Readonly<Record<string, unknown>> | undefined>
  let ready: Promise<Verify> | undefined

  const discover = async (): Promise<Verify> => {
    const { createRemoteJWKSet, errors, jwtVerify } = await import('jose')
    const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
    const found = (await response.json()) as { readonly issuer?: string; readonly jwks_uri?: string }
    if (!response.ok || found.issuer !== issuer || found.jwks_uri === undefined) {
      throw providerFailed(issuer, `it calls itself ${JSON.stringify(found.issuer)}`)
    }
    const keys = createRemoteJWKSet(new URL(found.jwks_uri))
    return async (token) => {
      try {
        const { payload } = await jwtVerify(token, keys, {
          issuer,
          audience,
          algorithms,
          requiredClaims: ['exp', 'sub'],
          clockTolerance: 5,
        })
        return payload
      } catch (error) {
        // the provider cannot be asked: that is not the caller's fault
        if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)) {
          throw providerFailed(issuer, (error as Error).message)
        }
        return undefined
      }
    }
  }
  return async (token) => {
    // asked when the first token comes, and again while it fails: the provider may begin after us
    ready ??= discover()
    let verify: Verify
    try {
      verify = await ready
    } catch (error) {
      ready = undefined
      throw error instanceof SpanwiseError ? error : providerFailed(issuer, (error as Error).message)
    }
    const claims = await verify(token)
    if (claims === undefined) return undefined
    const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
    const subject = text(claims['sub']) as string
    const name = text(claims['email']) ?? text(claims['preferred_username']) ?? subject
    return { id: `oidc ${subject}`, name, grants: await grants(claims) }
  }
}

function checkIssuer(issuer: string): void {
  const url = URL.parse(issuer)
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname))) return
  throw new SpanwiseError({
    code: 'INVALID_OPTION',
    message: `auth.oidc.issuer is ${JSON.stringify(issuer)}.`,
    hint: 'Give the provider’s https address, as its tokens say it in `iss`.',
  })
}

function providerFailed(issuer: string, why: string): SpanwiseError {
  return new SpanwiseError({
    code: 'PROVIDER_FAILED',
    message: `The OpenID provider ${issuer} could not be asked: ${why}.`,
    hint: 'Look whether it answers at /.well-known/openid-configuration, and whether `issuer` is exactly its name.',
  })
}
