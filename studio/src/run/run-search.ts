export const runTabs = ['timeline', 'graph', 'states', 'words', 'events', 'models', 'data'] as const

export type RunTab = (typeof runTabs)[number]

/** What of a run is shown: the tab, and the entry that is open. */
export interface RunSearch {
  readonly tab?: RunTab
  readonly entry?: number
}

export function readRunSearch(search: Record<string, unknown>): RunSearch {
  const tab = runTabs.find((one) => one === search['tab'])
  const entry = Number(search['entry'])
  return {
    ...(tab === undefined ? {} : { tab }),
    ...(search['entry'] !== undefined && Number.isInteger(entry) ? { entry } : {}),
  }
}
