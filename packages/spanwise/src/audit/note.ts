import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  sign as signBytes,
  verify as verifyBytes,
} from 'node:crypto'
import { SpanwiseError } from '../journal/index.ts'

/**
 * Signed notes as C2SP specifies them (c2sp.org/signed-note), with Ed25519: a text that people can read, and under it one line for
 * each signature. Keys are written as they are there: `name+hash+base64` for who checks, `PRIVATE+KEY+name+hash+base64` for who
 * signs.
 */
export interface Verifier {
  readonly name: string
  /** first four bytes of SHA-256(name ‖ "\n" ‖ 0x01 ‖ public key): tells keys of one name apart */
  readonly hash: number
  readonly key: KeyObject
  /** `name+hash+base64` */
  readonly text: string
}

export interface Signer extends Verifier {
  readonly secret: KeyObject
  /** `PRIVATE+KEY+name+hash+base64`: whoever has it can sign */
  readonly secretText: string
}

const ed25519 = 1
const privatePrefix = 'PRIVATE+KEY+'
// what stands before 32 bytes of key in DER (RFC 8410)
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex')
const spki = Buffer.from('302a300506032b6570032100', 'hex')

export function makeSigner(name: string): Signer {
  checkName(name)
  const { privateKey } = generateKeyPairSync('ed25519')
  return signer(name, privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(pkcs8.length))
}

export function parseSigner(text: string): Signer {
  const trimmed = text.trim()
  if (!trimmed.startsWith(privatePrefix)) throw badKey('a signing key', `It begins with "${privatePrefix}".`)
  const [name, hash, seed] = parts(trimmed.slice(privatePrefix.length), 'a signing key')
  const made = signer(name, seed)
  if (made.hash !== hash) throw badKey('a signing key', 'Its hash does not belong to its key: it was cut or mistyped.')
  return made
}

export function parseVerifier(text: string): Verifier {
  const [name, hash, key] = parts(text.trim(), 'a public key')
  const made = verifier(name, key)
  if (made.hash !== hash) throw badKey('a public key', 'Its hash does not belong to its key: it was cut or mistyped.')
  return made
}

function signer(name: string, seed: Uint8Array): Signer {
  const secret = createPrivateKey({ key: Buffer.concat([pkcs8, seed]), format: 'der', type: 'pkcs8' })
  const raw = createPublicKey(secret).export({ format: 'der', type: 'spki' }).subarray(spki.length)
  const made = verifier(name, raw)
  return { ...made, secret, secretText: `${privatePrefix}${encodeKey(name, made.hash, seed)}` }
}

function verifier(name: string, raw: Uint8Array): Verifier {
  checkName(name)
  const key = createPublicKey({ key: Buffer.concat([spki, raw]), format: 'der', type: 'spki' })
  const id = hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(ed25519), raw]), 'buffer').readUInt32BE(
    0,
  )
  return { name, hash: id, key, text: encodeKey(name, id, raw) }
}

function encodeKey(name: string, id: number, raw: Uint8Array): string {
  return `${name}+${hex(id)}+${Buffer.concat([Buffer.of(ed25519), raw]).toString('base64')}`
}

function parts(text: string, what: string): [name: string, hash: number, raw: Buffer] {
  const match = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(text)
  if (match === null) throw badKey(what, 'It is written name+hash+base64, on one line.')
  const [, name, id, base64] = match as unknown as [string, string, string, string]
  const bytes = Buffer.from(base64, 'base64')
  if (bytes.length !== 33 || bytes[0] !== ed25519) throw badKey(what, 'Only Ed25519 keys (type 1) are understood.')
  return [name, Number.parseInt(id, 16), bytes.subarray(1)]
}

/** @param text ends in a newline */
export function signNote(text: string, signers: readonly Signer[]): string {
  if (!text.endsWith('\n')) throw new RangeError('the text of a note ends in a newline')
  const lines = signers.map(({ name, hash: id, secret }) => {
    const head = Buffer.alloc(4)
    head.writeUInt32BE(id)
    const signature = signBytes(null, Buffer.from(text), secret)
    return `— ${name} ${Buffer.concat([head, signature]).toString('base64')}\n`
  })
  return `${text}\n${lines.join('')}`
}

export interface OpenedNote {
  readonly text: string
  /** those of the given keys that signed it: never empty */
  readonly signedBy: readonly Verifier[]
}

/**
 * Checks a note against keys that are trusted. Signatures by others are left out; one under a trusted key that does not fit
 * spoils the note, as C2SP demands.
 * @throws NOTE_INVALID malformed, forged, or signed by nobody who is trusted
 */
export function openNote(note: string, trusted: readonly Verifier[]): OpenedNote {
  const end = note.lastIndexOf('\n\n')
  if (end < 0 || !note.endsWith('\n')) throw badNote('It has no signatures under its text.')
  const text = note.slice(0, end + 1)
  const lines = note.slice(end + 2, -1).split('\n')
  const signedBy: Verifier[] = []
  for (const line of lines) {
    const match = /^— ([^\s+]+) ([A-Za-z0-9+/]+=*)$/.exec(line)
    if (match === null) throw badNote(`"${line}" is not a line of a signature.`)
    const bytes = Buffer.from(match[2] as string, 'base64')
    if (bytes.length < 5) throw badNote(`The signature of ${match[1]} is cut.`)
    const key = trusted.find(({ name, hash: id }) => name === match[1] && id === bytes.readUInt32BE(0))
    if (key === undefined || signedBy.includes(key)) continue
    if (!verifyBytes(null, Buffer.from(text), key.key, bytes.subarray(4)))
      throw badNote(`The signature of ${key.name} does not fit its text: one of the two was changed.`)
    signedBy.push(key)
  }
  if (signedBy.length === 0)
    throw badNote(`None of the given keys signed it (${trusted.map(({ name }) => name).join(', ') || 'none given'}).`)
  return { text, signedBy }
}

function hex(id: number): string {
  return id.toString(16).padStart(8, '0')
}

function checkName(name: string): void {
  if (name === '' || /[\s+]/u.test(name)) throw badKey('a key', 'Its name is not empty and has no space and no plus.')
}

function badKey(what: string, why: string): SpanwiseError {
  return new SpanwiseError({
    code: 'AUDIT_KEY_INVALID',
    message: `This is not ${what}. ${why}`,
    hint: 'Give the key as it was printed when it was made: spanwise audit key.',
  })
}

function badNote(why: string): SpanwiseError {
  return new SpanwiseError({
    code: 'NOTE_INVALID',
    message: `This checkpoint cannot be trusted. ${why}`,
    hint: 'Compare it with the copy that was kept elsewhere, and the key with the one that was published.',
  })
}
