import { SpanwiseError } from '../journal/index.ts'
import { CancelledError, type Outcome, openBranch } from '../workflow/index.ts'
import { joinUnmet } from './errors.ts'

export interface ManyOptions {
  readonly graph: string
  readonly node: string
  readonly key: ((item: unknown, index: number) => string) | undefined
  /** under way at once; 16 */
  readonly concurrency: number | undefined
  /** how many good results are enough; all of them when absent */
  readonly need: number | undefined
  readonly good: ((value: unknown) => boolean) | undefined
  /** `'collect'`: failures are outcomes, and all are waited for */
  readonly onError: 'stop' | 'collect'
}

/**
 * Calls something for each item, some at once, until enough have come to something good; what is still under way then is dropped.
 * Which ones were first is decided by the history, so it is the same at every replay.
 * @returns what had an outcome, in the order of the items
 */
export async function forMany(
  items: readonly unknown[],
  options: ManyOptions,
  call: (item: unknown, index: number) => unknown,
): Promise<readonly Outcome<unknown, unknown>[]> {
  const { graph, node, need = items.length, good, onError } = options
  if (need > items.length) throw joinUnmet(graph, `"${node}" needs ${need} of ${items.length}.`)
  const keys = keysOf(items, options)
  const outcomes = new Map<number, Outcome<unknown, unknown>>()
  const open = new Map<number, ReturnType<typeof openBranch>>()
  let next = 0
  let enough = 0
  let firstError: Error | undefined

  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      for (const branch of open.values()) branch.close()
      open.clear()
      next = items.length
      settle()
    }
    const finish = (): void => end(() => resolve([...outcomes].sort(([a], [b]) => a - b).map(([, outcome]) => outcome)))
    const settled = (index: number, outcome: Outcome<unknown, unknown>): void => {
      if (!open.delete(index)) return
      outcomes.set(index, outcome)
      if (outcome.ok && (good === undefined || good(outcome.value))) enough++
      if (!outcome.ok) {
        firstError ??= outcome.error
        if (outcome.error instanceof CancelledError) return end(() => reject(outcome.error))
      }
      const left = items.length - outcomes.size
      if (options.need === undefined) {
        if (!outcome.ok && onError === 'stop') return end(() => reject(outcome.error))
      } else {
        if (enough >= need) return finish()
        if (enough + left < need && onError === 'stop')
          return end(() => reject(joinUnmet(graph, `"${node}" has ${enough} of the ${need} it needs.`, firstError)))
      }
      if (left === 0) return finish()
      fill()
    }
    const fill = (): void => {
      const limit = Math.max(1, Math.floor(options.concurrency ?? 16))
      while (open.size < limit && next < items.length) {
        const index = next++
        const item = items[index]
        const key = keys[index] as string
        const branch = openBranch('item', key)
        open.set(index, branch)
        branch
          .run(() => call(item, index))
          .then(
            (value) => settled(index, { ok: true, key, item, value }),
            (error) => settled(index, { ok: false, key, item, error }),
          )
          .catch(reject)
      }
    }
    if (items.length === 0) resolve([])
    else fill()
  })
}

function keysOf(items: readonly unknown[], { key, node }: ManyOptions): readonly string[] {
  const keys = items.map((item, index) => (key === undefined ? String(index) : String(key(item, index))))
  const seen = new Set<string>()
  const twice = keys.find((one) => seen.size === seen.add(one).size)
  if (twice === undefined) return keys
  throw new SpanwiseError({
    code: 'DUPLICATE_KEY',
    message: `Two items of node "${node}" have the key ${JSON.stringify(twice)}.`,
    hint: 'Make `key` return something unique, or remove the duplicates first.',
  })
}
