import { readMail } from './corpus.ts'
import { features } from './features.ts'
import { opening, parseMail } from './parse.ts'
import { stopwatch } from './stopwatch.ts'

/** What the rest needs of a mail. The mail itself stays in the corpus: what a step returns is stored. */
export interface Prepared {
  readonly id: string
  readonly from: string
  readonly subject: string
  readonly opening: string
  readonly features: readonly number[]
  readonly busyMs: number
}

export async function prepare(id: string): Promise<Prepared> {
  const raw = await readMail(id)
  return inTurn(async () => {
    const busy = stopwatch()
    const mail = await parseMail(raw)
    return {
      id,
      from: mail.from.slice(0, 100).toWellFormed(),
      subject: mail.subject.slice(0, 150).toWellFormed(),
      opening: opening(mail),
      features: features(mail),
      busyMs: busy(),
    }
  })
}

let last: Promise<unknown> = Promise.resolve()

/** Parsing is all CPU, so taking turns costs nothing, and the stopwatch counts one mail only. */
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const turn = last.then(work)
  last = turn.catch(() => undefined)
  return turn
}
