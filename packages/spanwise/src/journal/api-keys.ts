/** A key of the server's API, as it is kept: what could be used is not. */
export interface ApiKeyRow {
  readonly id: string
  /** what it is for; recorded as who decided or operated */
  readonly name: string
  /** SHA-256 of the secret, hex */
  readonly hash: string
  /** JSON: tenants and roles */
  readonly grants: string
  readonly createdAt: number
  readonly expiresAt: number | undefined
  readonly revokedAt: number | undefined
}

export interface ApiKeyStore {
  putApiKey(key: ApiKeyRow): Promise<void>
  apiKey(id: string): Promise<ApiKeyRow | undefined>
  /** The newest first. */
  apiKeys(): Promise<readonly ApiKeyRow[]>
  /** False when there is none, or it is revoked already. */
  revokeApiKey(id: string, at: number): Promise<boolean>
}
