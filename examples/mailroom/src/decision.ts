import type { Route } from './policy.ts'

export interface Decision {
  readonly id: string
  /** rounded, so that it is written the same everywhere */
  readonly probability: number
  readonly route: Route
  readonly by: 'classifier' | 'person' | 'rule'
}

export function rounded(probability: number): number {
  return Math.round(probability * 1e6) / 1e6
}
