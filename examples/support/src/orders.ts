/** The shop's own system: here, a few orders in memory. */
export interface Orders {
  find(id: string | undefined): Promise<{ readonly id: string; readonly item: string; readonly total: number }>
  refund(order: string, amount: number): Promise<{ readonly receipt: string }>
}

const known = [
  { id: 'A-17', item: 'desk lamp', total: 38 },
  { id: 'A-42', item: 'espresso machine', total: 429 },
]

export function ordersInMemory(): Orders & { readonly refunded: string[] } {
  const refunded: string[] = []
  return {
    refunded,
    async find(id) {
      const order = known.find((one) => one.id === id)
      if (order === undefined) throw new TypeError(`there is no order ${id ?? 'in the message'}`)
      return order
    },
    async refund(order, amount) {
      refunded.push(`${order} ${amount}`)
      return { receipt: `R-${order}` }
    },
  }
}

export function orderNumber(text: string): string | undefined {
  return /\bA-\d+\b/.exec(text)?.[0]
}
