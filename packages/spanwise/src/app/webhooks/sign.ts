import { createHmac } from 'node:crypto'
import { keyOf } from './secret.ts'

/** The headers of https://www.standardwebhooks.com; with a signature for each secret, while one takes the place of another. */
export function signedHeaders(
  id: string,
  body: string,
  secrets: readonly string[],
  now: number,
): Readonly<Record<string, string>> {
  const at = String(Math.floor(now / 1000))
  const signatures = secrets.map(
    (secret) => `v1,${createHmac('sha256', keyOf(secret)).update(`${id}.${at}.${body}`).digest('base64')}`,
  )
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': at,
    'webhook-signature': signatures.join(' '),
  }
}
