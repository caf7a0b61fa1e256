import { SpanwiseError } from '../journal/index.ts'
import { openNote, type Signer, signNote, type Verifier } from './note.ts'

/**
 * A promise about the whole log at one moment, in the format of c2sp.org/tlog-checkpoint: origin, size and root, signed. Whoever
 * keeps one can later tell whether the log that they are shown still begins with what it held then.
 */
export interface Checkpoint {
  /** which log: name of the key's owner and id of the store */
  readonly origin: string
  /** leaves */
  readonly size: number
  /** 32 bytes */
  readonly root: Uint8Array
  /** ms since 1970, by the clock of who signed; an extension line */
  readonly at: number | undefined
}

export function checkpointText({ origin, size, root, at }: Checkpoint): string {
  const extension = at === undefined ? '' : `time ${new Date(at).toISOString()}\n`
  return `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n${extension}`
}

export function signCheckpoint(checkpoint: Checkpoint, signers: readonly Signer[]): string {
  return signNote(checkpointText(checkpoint), signers)
}

export interface SignedCheckpoint extends Checkpoint {
  readonly signedBy: readonly Verifier[]
}

/** @throws NOTE_INVALID, CHECKPOINT_INVALID */
export function openCheckpoint(note: string, trusted: readonly Verifier[]): SignedCheckpoint {
  const { text, signedBy } = openNote(note, trusted)
  return { ...parseCheckpoint(text), signedBy }
}

export function parseCheckpoint(text: string): Checkpoint {
  const [origin, count, hash, ...extensions] = text.slice(0, -1).split('\n')
  if (origin === undefined || origin === '') throw bad('Its first line names no log.')
  if (count === undefined || !/^(0|[1-9][0-9]*)$/.test(count) || !Number.isSafeInteger(Number(count)))
    throw bad('Its second line is not a number of entries.')
  const root = Buffer.from(hash ?? '', 'base64')
  if (root.length !== 32 || root.toString('base64') !== hash) throw bad('Its third line is not a hash of 32 bytes.')
  const time = extensions.find((line) => line.startsWith('time '))
  const at = time === undefined ? undefined : Date.parse(time.slice(5))
  return { origin, size: Number(count), root, at: at === undefined || Number.isNaN(at) ? undefined : at }
}

function bad(why: string): SpanwiseError {
  return new SpanwiseError({
    code: 'CHECKPOINT_INVALID',
    message: `This is not a checkpoint. ${why}`,
    hint: 'Give a checkpoint as Spanwise wrote it: origin, number of entries, hash, and signatures under an empty line.',
  })
}
