import { SpanwiseError } from '../../journal/index.ts'

/**
 * What a webhook is signed with: base64 behind `whsec_`, or any text. Several while one takes the place of another. A function is asked
 * each time, so that the secret stands in no code and no record.
 * @example () => process.env.GITHUB_SECRET
 */
export type WebhookSecret = string | readonly string[] | (() => string | readonly string[] | undefined)

/** @throws WEBHOOK_SECRET_MISSING */
export function secretsOf(name: string, secret: WebhookSecret | undefined): readonly string[] {
  const given = typeof secret === 'function' ? secret() : secret
  const all = (typeof given === 'string' ? [given] : (given ?? [])).filter((one) => one !== '')
  if (all.length > 0) return all
  throw new SpanwiseError({
    code: 'WEBHOOK_SECRET_MISSING',
    message: `Webhook "${name}" has no secret.`,
    hint: 'Where it is taken from the environment, see that the variable is set in this process: spanwise doctor.',
  })
}

export function keyOf(secret: string): Buffer {
  return secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret)
}
