import { hash } from 'node:crypto'

/** Short and easy to type in a shell; the same for the same question of the same run. */
export function approvalId(run: string, key: string): string {
  const text = Buffer.from(hash('sha256', `${run}\u0000${key}`, 'hex'), 'hex').toString('base64url', 0, 12)
  return `a${text.replace(/[-_]/g, (c) => (c === '-' ? '0' : '1')).slice(0, 14)}`
}
