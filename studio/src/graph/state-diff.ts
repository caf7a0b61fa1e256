/** One place where two states differ; undefined where one of them has nothing there. */
export interface Change {
  /** `order.items[2]` */
  readonly path: string
  readonly before: unknown
  readonly after: unknown
}

/** what is shown of two states that have nothing in common */
const most = 200

/** Where two states differ, down to the values. */
export function changesOf(before: unknown, after: unknown): readonly Change[] {
  const found: Change[] = []
  compare(before, after, '', found)
  return found
}

function compare(before: unknown, after: unknown, path: string, found: Change[]): void {
  if (found.length >= most || Object.is(before, after)) return
  if (Array.isArray(before) && Array.isArray(after)) {
    for (let i = 0; i < Math.max(before.length, after.length); i++) compare(before[i], after[i], `${path}[${i}]`, found)
  } else if (isRecord(before) && isRecord(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)]))
      compare(before[key], after[key], path === '' ? key : `${path}.${key}`, found)
  } else if (JSON.stringify(before) !== JSON.stringify(after)) found.push({ path, before, after })
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
