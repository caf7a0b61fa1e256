import type { SpanwiseConfig } from '../../app/index.ts'
import { checkWebhook } from '../../app/index.ts'
import type { Finding } from './finding.ts'

/** Whether those of the config have what they need in this environment. Says no secret. */
export function webhooks({ webhooks: declared = [] }: SpanwiseConfig): readonly Finding[] {
  const wrong = declared.flatMap((one) => {
    const says = checkWebhook(one)
    return says === undefined ? [] : [says]
  })
  if (declared.length === 0) return []
  if (wrong.length === 0)
    return [{ what: 'webhooks', state: 'good', says: declared.map(({ name, way }) => `${name} (${way})`).join(', ') }]
  return wrong.map((says) => ({
    what: 'webhooks',
    state: 'bad',
    says,
    mend: 'Set what it takes from the environment, for the process that works and the one that serves.',
  }))
}
