import { step, workflow } from 'spanwise'

/** No customer has more than two of these under way, whatever the others do. */
const render = step(
  'render',
  { concurrency: { key: (page: { customer: string; n: number }) => page.customer, limit: 2 } },
  async ({ customer, n }: { customer: string; n: number }) => `${customer} ${n}`,
)

export const pages = workflow('pages', async (customer: string) =>
  Promise.all([1, 2, 3, 4].map((n) => render({ customer, n }))),
)
