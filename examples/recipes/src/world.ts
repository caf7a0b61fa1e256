/** What the recipes talk to: other people's systems, here in memory. */
export const world = {
  charges: new Map<string, number>(),
  mails: [] as string[],
  stock: new Map([['lamp', 1]]),
  orders: ['o-1', 'o-2', 'broken', 'o-3'],
}
