export const costDimensions = [
  'model',
  'workflow',
  'step',
  'alias',
  'provider',
  'prompt',
  'tenant',
  'team',
  'tags',
  'day',
] as const

export type CostDimension = (typeof costDimensions)[number]

export const costPeriods = ['24h', '7d', '30d', '90d'] as const

export interface CostSearch {
  readonly by?: CostDimension
  readonly since?: (typeof costPeriods)[number]
}

export function readCostSearch(search: Record<string, unknown>): CostSearch {
  const by = costDimensions.find((one) => one === search['by'])
  const since = costPeriods.find((one) => one === search['since'])
  return { ...(by === undefined ? {} : { by }), ...(since === undefined ? {} : { since }) }
}
