import { existsSync, readFileSync } from 'node:fs'
import { SpanwiseError } from '../journal/index.ts'
import { writeNew } from './durable.ts'
import { makeSigner, parseSigner, parseVerifier, type Signer, type Verifier } from './note.ts'

/** Beside a store's file: the key that signs its checkpoints, and copies of those. */
export function keyFile(store: string): string {
  return `${store}.audit-key`
}

export function checkpointFile(store: string): string {
  return `${store}.checkpoints`
}

/**
 * The key in a file, or a new one that is put there, readable by its owner only.
 * @param name of a new key
 */
export function signerOf(file: string, name: string): Signer {
  if (!existsSync(file)) {
    const made = makeSigner(name)
    // two processes may open a new store at once: whoever was first has made the key
    if (writeNew(file, `${made.secretText}\n`)) return made
  }
  return parseSigner(lastLine(file))
}

/** Public keys: each given as text, or as a file that holds one, public or secret. */
export function readKeys(given: readonly string[]): Verifier[] {
  return given.map((one) => {
    if (/^[^\s+]+\+[0-9a-f]{8}\+/.test(one)) return parseVerifier(one)
    if (!existsSync(one))
      throw new SpanwiseError({
        code: 'AUDIT_KEY_INVALID',
        message: `There is no key file ${one}.`,
        hint: 'Give the public key itself (name+hash+base64), or the file that it is in.',
      })
    const text = lastLine(one)
    return text.startsWith('PRIVATE+KEY+') ? parseSigner(text) : parseVerifier(text)
  })
}

function lastLine(file: string): string {
  return readFileSync(file, 'utf8').trim().split('\n').at(-1) ?? ''
}

/** The notes in a file of checkpoints, oldest first; a last one that was cut by a crash is left out. */
export function readNotes(file: string): string[] {
  const notes: string[] = []
  let text = ''
  let signed = false
  for (const line of readFileSync(file, 'utf8').split(/(?<=\n)/)) {
    if (signed && !line.startsWith('— ')) {
      notes.push(text)
      text = ''
      signed = false
      // an empty line lies between two notes
      if (line === '\n') continue
    }
    text += line
    signed = line.startsWith('— ') && line.endsWith('\n')
  }
  if (signed) notes.push(text)
  return notes
}
