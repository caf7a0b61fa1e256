export const modelPeriods = ['24h', '7d', '30d', '90d'] as const

export interface ModelsSearch {
  readonly period?: (typeof modelPeriods)[number]
}

export function readModelsSearch(search: Record<string, unknown>): ModelsSearch {
  const period = modelPeriods.find((one) => one === search['period'])
  return period === undefined ? {} : { period }
}
