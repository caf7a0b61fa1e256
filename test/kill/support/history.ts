import {
  commit,
  decode,
  type Entry,
  keyToken,
  leaf,
  openStore,
  type RunRow,
  type Store,
} from '../../../packages/spanwise/src/journal/index.ts'
import { isSuperseded, type Resumption } from '../../../packages/spanwise/src/workflow/index.ts'

/** A run as the store has it. */
export interface History {
  readonly row: RunRow
  readonly entries: readonly Entry[]
  /** without what a resume superseded */
  readonly live: readonly Entry[]
  readonly outcome: string | undefined
}

export function open(path: string): Promise<Store> {
  return openStore(`sqlite:${path}`)
}

export async function histories(store: Store): Promise<readonly History[]> {
  const found: History[] = []
  let after: string | undefined
  do {
    const page = await store.list({ limit: 500, after })
    for (const row of page.items) {
      const entries = await store.entries(row.run)
      found.push({ row, entries, live: living(entries), outcome: (await store.outcome(row.run))?.payload })
    }
    after = page.after
  } while (after !== undefined)
  return found
}

function living(entries: readonly Entry[]): readonly Entry[] {
  let live: Entry[] = []
  for (const entry of entries) {
    if (entry.kind !== 'run.resumed') live.push(entry)
    else {
      const resumption = decode(entry.payload as string) as Resumption
      live = live.filter((earlier) => !isSuperseded(earlier, resumption))
    }
  }
  return live
}

/** Steps hold two lines: what went in and what came out. */
export function stepLines(entry: Entry): {
  readonly input: unknown
  readonly inputText: string
  readonly outcome: unknown
} {
  const payload = entry.payload as string
  const line = payload.indexOf('\n')
  const inputText = payload.slice(0, line)
  return { inputText, input: decode(inputText), outcome: decode(payload.slice(line + 1)) }
}

/** What is wrong with the entries of a run by themselves: their order, and whether their proofs can be computed again. */
export function faults(
  { row, entries }: History,
  secrets: ReadonlyMap<string, Uint8Array>,
  items: readonly string[],
): readonly string[] {
  const wrong: string[] = []
  const itemsOf = new Map<string, ReadonlyMap<string, string>>()
  let at = 0
  for (const [i, entry] of entries.entries()) {
    const say = (what: string): void => {
      wrong.push(`${row.workflow} ${row.run} ${entry.index} ${entry.kind} ${entry.key}: ${what}`)
    }
    if (entry.index !== i) say(`stands at ${i}`)
    if (entry.after > entry.index) say(`was issued by ${entry.after}`)
    if (entry.at < at) say('is older than the one before')
    at = entry.at
    const secret = entry.subject === undefined ? row.secret : secrets.get(entry.subject)
    if (secret === undefined) {
      say('has no secret')
      continue
    }
    const { key, payload, input } = entry.commitments
    const made = leaf({ ...entry, key, payload, input })
    if (!same(made, entry.leaf)) say('has another leaf')
    const verify = (domain: 'key' | 'payload' | 'input', text: string, commitment: Uint8Array): void => {
      if (!same(commit(secret, domain, row.run, entry.index, text), commitment))
        say(`is not committed to its ${domain}`)
    }
    if (entry.payload !== undefined) verify('payload', entry.payload, payload)
    if (entry.key !== '') verify('key', readable(entry.key), key)
    if (entry.kind.startsWith('step.') && input !== undefined && entry.payload !== undefined)
      verify('input', stepLines(entry).inputText, input)
  }
  return wrong

  /** the key with the items' own names instead of their tokens */
  function readable(key: string): string {
    return key.replace(/\[([^\]]*)\]/g, (_, token: string) => {
      for (const secret of [row.secret as Uint8Array, ...secrets.values()]) {
        const name = tokensOf(secret).get(token)
        if (name !== undefined) return `[${name}]`
      }
      return `[${token}]`
    })
  }

  function tokensOf(secret: Uint8Array): ReadonlyMap<string, string> {
    const id = Buffer.from(secret).toString('hex')
    let tokens = itemsOf.get(id)
    if (tokens === undefined) {
      tokens = new Map(items.map((item) => [keyToken(secret, item), item]))
      itemsOf.set(id, tokens)
    }
    return tokens
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
