import {
  commit,
  decode,
  type Entry,
  encodeCanonical,
  keyTokenUnder,
  leaf,
  type RunRow,
} from '../../packages/spanwise/src/journal/index.ts'

/** keys of all items that programs use */
const items = Array.from({ length: 8 }, (_, i) => [`i${i}`, String(i)]).flat()

/** What is wrong with an entry by itself: its place, its leaf, its commitments. */
export function proofFaults(
  row: RunRow,
  entry: Entry,
  place: number,
  edited: ReadonlySet<string>,
  { tokens, isFork }: { readonly tokens: Uint8Array; readonly isFork: boolean },
): readonly string[] {
  const wrong: string[] = []
  const { index, after, key, payload, kind, commitments } = entry
  const say = (what: string): void => {
    wrong.push(`entry ${index} ${kind} ${key} ${what}`)
  }
  if (index !== place) say(`stands at ${place}`)
  if (after > index) say(`was issued by ${after}`)
  const secret = row.secret as Uint8Array
  const isCommitted = (domain: 'key' | 'payload' | 'input', to: Uint8Array, ...texts: readonly string[]): void => {
    if (!texts.some((text) => same(commit(secret, domain, row.run, index, text), to)))
      say(`is not committed to its ${domain}`)
  }
  if (!same(leaf({ ...entry, ...commitments }), entry.leaf)) say('has another leaf')
  if (payload !== undefined) isCommitted('payload', commitments.payload, payload)
  // where an operator's result is written the item's own name is not at hand
  // nor where entries are copied
  // what a model call asks is in its key
  if (key !== '' && entry.meta['edited'] !== true && !key.includes('model['))
    isCommitted('key', commitments.key, readable(key, tokens), ...(isFork ? [key] : []))
  // with an edited input, the code's own is committed to
  if (kind.startsWith('step.') && !edited.has(key) && commitments.input !== undefined && payload !== undefined) {
    const [input] = payload.split('\n') as [string]
    isCommitted('input', commitments.input, encodeCanonical(decode(input)))
  }
  return wrong
}

/** The key with the items' own names instead of their tokens; rounds of loops are numbers. */
function readable(key: string, tokens: Uint8Array): string {
  if (!key.includes('[')) return key
  const names = new Map(items.map((item) => [keyTokenUnder(tokens, item), item]))
  return key.replace(
    /\[([^\]]*)\]/g,
    (_, token: string) => `[${names.get(token) ?? (/^\d{1,2}$/.test(token) ? token : undefined)}]`,
  )
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
