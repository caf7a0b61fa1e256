import { approval, step, workflow } from 'spanwise'
import { world } from './world.ts'

const remind = step('remind', async (who: string) => {
  world.mails.push(`${who}, somebody waits for you`)
})

/** First the team; after a day its lead; after another one the answer is no. Silence never approves. */
export const publish = workflow('publish', async (title: string) => {
  for (const role of ['team', 'lead']) {
    const decision = await approval.ask(`publish "${title}"?`, { role, timeout: '1d' })
    if (decision.status !== 'expired') return decision.status === 'approved'
    await remind(role)
  }
  return false
})
