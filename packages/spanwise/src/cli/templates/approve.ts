import type { Template } from './template.ts'

export const approve: Template = {
  name: 'approve',
  says: 'a person decides before something happens',
  workflow: 'refund',
  run: `refund '{"order": "o-7", "amount": 900}' --id o-7`,
  code: `import { approval, step, workflow } from 'spanwise'
import { z } from 'zod'

const Refund = z.object({ order: z.string(), amount: z.number().positive() })

// an API that takes an idempotency key can tell a repeated request from a second one
const pay = step('pay', { input: Refund, timeout: '10s' }, async ({ order, amount }, { idempotencyKey }) => {
  console.error(\`  paying \${amount} for \${order} (key \${idempotencyKey})\`)
  return { order, paid: amount }
})

// the question waits for days if it must, and costs no memory: spanwise approvals, spanwise approve <id>
export const refund = workflow('refund', { input: Refund }, async (request) => {
  if (request.amount > 500) {
    await approval(\`refund \${request.amount} for \${request.order}?\`, { role: 'finance', timeout: '7d' })
  }
  return pay(request)
})
`,
  test: `test('asks before it pays much', async () => {
  await using app = await testApp({ workflows: [refund], fakes: { pay: () => ({ order: 'o-7', paid: 900 }) } })
  const run = await app.start(refund, { order: 'o-7', amount: 900 })
  await app.idle()
  const [question] = (await app.approvals()).items
  assert.equal(question?.role, 'finance')
  await app.decide(question?.id ?? '', { approve: true, by: 'ann' })
  assert.deepEqual(await run.result(), { order: 'o-7', paid: 900 })
})`,
}
