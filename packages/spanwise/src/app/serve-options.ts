import type { Log } from '../workflow/index.ts'
import type { Grant } from './roles.ts'

/** How the app is served over HTTP: `spanwise/server`, and `server` in the config. */
export interface ServeOptions {
  /** who may ask. Without it, only the machine itself; with it, nobody without a key or a token. `{}`: keys of the store */
  readonly auth?: AuthOptions | undefined
  /** folder with the built studio; the one that comes with the package by default, `false` for none */
  readonly studio?: string | false
  /** bytes that a body may have; 1 MiB */
  readonly bodyLimit?: number
  /** requests that each caller may make; 100 a second and 200 at once. `false`: as many as they like, as on loopback without `auth` */
  readonly rate?: { readonly perSecond: number; readonly burst: number } | false
  /** names that the server is reached under besides those of loopback, with their port where it is not the default one */
  readonly hosts?: readonly string[]
  /** other origins whose pages may call the API, like `https://console.example.com` */
  readonly origins?: readonly string[]
  readonly log?: Log
}

export interface AuthOptions {
  /** API keys that are kept in the store: `spanwise api-keys create`. On unless `false` */
  readonly keys?: boolean
  /** tokens of an OpenID provider */
  readonly oidc?: OidcOptions
}

export interface OidcOptions {
  /** as in the tokens: `https://login.example.com` */
  readonly issuer: string
  /** that the tokens are made for */
  readonly audience: string
  /**
   * What the claims of a token allow.
   * @example (claims) => [{ tenant: String(claims.org), roles: ['viewer', 'operator'] }]
   */
  readonly grants: (claims: Readonly<Record<string, unknown>>) => readonly Grant[] | Promise<readonly Grant[]>
}
