import { advance, isSpanwiseError, sleep, spanwise, step, workflow } from 'spanwise'

const store = (): string => process.env['STORE'] ?? 'sqlite:/mnt/data/digest.db'

const collect = step('collect', async (topic: string) => [`${topic} today`, `${topic} tomorrow`])
const send = step('send', async (lines: readonly string[]) => ({ sent: lines.length }))

/** Two lines are collected, and sent a little later. */
const digest = workflow('digest', async (topic: string) => {
  const lines = await collect(topic)
  await sleep('1s')
  return send(lines)
})

const workflows = [digest]

/** What an HTTP trigger calls: what it takes in is on disk before it answers. */
export async function accept(event: {
  readonly id: string
  readonly topic: string
}): Promise<{ readonly accepted: string }> {
  await using app = await spanwise({ store: store(), workflows, work: false })
  await app.start(digest, event.topic, { id: event.id })
  return { accepted: event.id }
}

/**
 * What a timer calls, say once a minute: does what is due, for at most `seconds`, and says when to come back. Two of them at
 * once do no harm: the second one finds that the file is taken.
 */
export async function tick(seconds = 20): Promise<{ readonly idle: boolean; readonly again: string | undefined }> {
  try {
    const { idle, wakeAt } = await advance({ store: store(), workflows, grace: '2s' }, { for: `${seconds}s` })
    return { idle, again: wakeAt?.toISOString() }
  } catch (error) {
    if (isSpanwiseError(error) && error.code === 'STORE_OWNED') return { idle: false, again: undefined }
    throw error
  }
}

export async function result(id: string): Promise<string> {
  await using app = await spanwise({ store: store(), workflows, work: false })
  return (await (await app.get(digest, id))?.status())?.status ?? 'unknown'
}
