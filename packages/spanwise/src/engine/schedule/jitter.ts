import { hash } from 'node:crypto'

/** From 0 up to `most` ms: spread evenly over schedules and due times, and for each of them always the same. */
export function jitterOf(
  schedule: { readonly tenant: string; readonly id: string },
  due: number,
  most: number,
): number {
  if (most === 0) return 0
  const digest = hash('sha256', JSON.stringify([schedule.tenant, schedule.id, due]), 'buffer')
  return Math.floor((digest.readUIntBE(0, 6) / 2 ** 48) * most)
}
