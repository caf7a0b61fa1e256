// Checks an evidence bundle with Node alone: node verify.mjs [folder] [--key <public key>]
// Every entry against its hash, its content against what was committed to, every hash against the signed checkpoint.
import { createPublicKey, hash, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

interface Shown {
  readonly index: number
  readonly after: number
  readonly at: number
  readonly kind: string
  readonly key: string
  readonly attempt: number
  readonly meta: Readonly<Record<string, unknown>>
  readonly payload: string | null
  readonly erased: boolean
  readonly commitments: { readonly key: string; readonly payload: string; readonly input: string }
  readonly open: { readonly key?: string; readonly payload?: string }
  readonly leaf: string
  readonly position: number
  readonly path: readonly string[]
}
interface Evidence {
  readonly format: string
  readonly run: string
  readonly status: string
  readonly entries: readonly Shown[]
}

const kinds: Readonly<Record<string, number>> = {}
const ends = ['run.completed', 'run.failed', 'run.cancelled']
const problems: string[] = []
const wrong = (what: string): void => void problems.push(what)
const sha256 = (...parts: readonly Uint8Array[]): Buffer => hash('sha256', Buffer.concat(parts), 'buffer')
const bytes = (base64: string): Buffer => Buffer.from(base64, 'base64')
const utf8 = (text: string): Buffer => Buffer.from(text, 'utf8')

const args = process.argv.slice(2)
const at = args.indexOf('--key')
const given = at < 0 ? undefined : args.splice(at, 2)[1]
const folder = args[0] ?? import.meta.dirname
const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
const evidence = JSON.parse(read('evidence.json')) as Evidence
const keyText = (given ?? read('public-key.txt')).trim()

// ---- the checkpoint: a C2SP signed note over origin, size and root
const note = read('checkpoint.txt')
const end = note.lastIndexOf('\n\n')
const text = note.slice(0, end + 1)
const [keyName = '', keyHash = '', keyData = ''] = keyText.split('+', 2).concat(keyText.split('+').slice(2).join('+'))
const raw = bytes(keyData)
if (raw.length !== 33 || raw[0] !== 1) wrong('the public key is not an Ed25519 key')
if (
  sha256(utf8(`${keyName}\n`), raw)
    .toString('hex')
    .slice(0, 8) !== keyHash
)
  wrong('the public key was cut or mistyped')
const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw.subarray(1)])
const isSigned = note
  .slice(end + 2)
  .split('\n')
  .some((line) => {
    const [mark, name, base64 = ''] = line.split(' ')
    const signature = bytes(base64)
    if (mark !== '—' || name !== keyName || signature.subarray(0, 4).toString('hex') !== keyHash) return false
    try {
      const key = createPublicKey({ key: spki, format: 'der', type: 'spki' })
      return verify(null, utf8(text), key, signature.subarray(4))
    } catch {
      return false
    }
  })
if (!isSigned) wrong(`the checkpoint is not signed by ${keyName}+${keyHash}`)
const [origin = '', count = '', rootText = ''] = text.split('\n')
const size = Number(count)
const root = bytes(rootText)
if (!Number.isSafeInteger(size) || root.length !== 32) wrong('the checkpoint is no checkpoint')

// ---- the entries
const zeros = Buffer.alloc(32)
const int64 = (value: number): Buffer => {
  const buffer = Buffer.alloc(8)
  buffer.writeBigInt64BE(BigInt(value))
  return buffer
}
const sized = (value: number, width: 2 | 4): Buffer => {
  const buffer = Buffer.alloc(width)
  buffer.writeUIntBE(value, 0, width)
  return buffer
}
const metaText = (meta: Shown['meta']): string =>
  `{${Object.keys(meta)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${JSON.stringify(meta[name])}`)
    .join(',')}}`

/** leaf v1: docs/audit.md says which fields, and journal/leaf.ts lays them out byte by byte. */
function leafOf(entry: Shown): Buffer {
  const { key, payload, input } = entry.commitments
  const run = utf8(evidence.run)
  return sha256(
    Buffer.from('\x01spanwise.leaf', 'latin1'),
    sized(kinds[entry.kind] ?? 0, 2),
    int64(entry.index),
    int64(entry.after),
    sized(entry.attempt, 4),
    int64(entry.at),
    bytes(key),
    sha256(utf8(metaText(entry.meta))),
    bytes(payload),
    bytes(input),
    sized(run.length, 2),
    run,
  )
}

const commitment = (what: string, k: string, content: string): Buffer =>
  sha256(utf8(`spanwise.commitment.${what}.v1\0`), bytes(k), utf8(content))

function checkEntry(entry: Shown): string | undefined {
  if (kinds[entry.kind] === undefined) return `its kind ${entry.kind} is not known to this verifier`
  if (!leafOf(entry).equals(bytes(entry.leaf))) return 'its kind, order, time, attempt or facts were changed'
  const committed = bytes(entry.commitments.payload)
  if (entry.payload !== null) {
    if (entry.open.payload === undefined) return 'its content cannot be held against what was committed to'
    if (!commitment('payload', entry.open.payload, entry.payload).equals(committed)) return 'its content was changed'
  } else if (!entry.erased && !committed.equals(zeros)) return 'its content is missing, and it is not marked as erased'
  if (
    entry.open.key !== undefined &&
    !commitment('key', entry.open.key, entry.key).equals(bytes(entry.commitments.key))
  )
    return 'its key was changed'
  if (!isIncluded(entry)) return 'it is not in the log that was signed'
  return undefined
}

/** RFC 9162, section 2.1.3.2 */
function isIncluded({ leaf, position, path }: Shown): boolean {
  let [index, last] = [position, size - 1]
  let node = sha256(Buffer.of(0), bytes(leaf))
  if (!(position >= 0 && position < size)) return false
  for (const other of path) {
    if (last === 0) return false
    if (index % 2 === 1 || index === last) {
      node = sha256(Buffer.of(1), bytes(other), node)
      while (index % 2 === 0 && index !== 0) {
        index /= 2
        last = Math.floor(last / 2)
      }
    } else node = sha256(Buffer.of(1), node, bytes(other))
    index = Math.floor(index / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 && node.equals(root)
}

if (evidence.format !== 'spanwise-evidence/1') wrong(`the format ${evidence.format} is not known to this verifier`)
let before = -1
for (const entry of evidence.entries) {
  const why = checkEntry(entry)
  if (why !== undefined) wrong(`entry ${entry.index} (${entry.kind}): ${why}`)
  // indexes follow each other: what is missing leaves a gap; a fork of a later generation begins with one
  if (entry.index !== before + 1 && !(before === 0 && entry.kind === 'run.continued'))
    wrong(`entry ${before + 1} is missing, or entries are not in their order`)
  before = entry.index
}
const last = evidence.entries.at(-1)
const hasEnded = last !== undefined && ends.includes(last.kind)
if (['completed', 'failed', 'cancelled'].includes(evidence.status) && !hasEnded) wrong('the end of the run is missing')

for (const problem of problems) console.log(`WRONG  ${problem}`)
const shown = `${evidence.entries.length} entries of run ${evidence.run}`
if (problems.length > 0) console.log(`This bundle does not hold: ${shown}.`)
else {
  console.log(`Everything holds: ${shown}, under the checkpoint of ${origin} over ${size} entries.`)
  if (!hasEnded) console.log('The run had not ended: what it recorded later is not in this bundle.')
  if (given === undefined)
    console.log(`The key came with the bundle. Compare it with the one that was published: ${keyText}`)
}
process.exitCode = problems.length > 0 ? 1 : 0
