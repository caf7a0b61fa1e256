import { approval, step, workflow } from 'spanwise'
import * as z from 'zod'

export const Refund = z.object({ order: z.string(), amount: z.number().positive() })

/** stands for a payment provider, which deduplicates by the key that it is sent */
const pay = step(
  'pay',
  { attempts: 5, timeout: '10s' },
  async (refund: z.infer<typeof Refund>, { idempotencyKey }) => ({
    payment: `pay-${refund.order}`,
    key: idempotencyKey,
  }),
)

/** Small refunds are paid at once; above 500 a person in finance decides. */
export const refund = workflow('refund', { input: Refund }, async (request) => {
  if (request.amount > 500) await approval(`refund ${request.amount} for order ${request.order}`, { role: 'finance' })
  return pay(request)
})
