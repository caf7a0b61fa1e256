import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, realpathSync, unlinkSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { SpanwiseError } from '../../journal/index.ts'

/** A path of a socket is copied into a fixed field of the system's: 108 bytes with the closing NUL, 104 on BSD and macOS. */
const longest = process.platform === 'linux' ? 107 : 103

/**
 * Where the owner of a store may listen, best first; its clients look in the same places. `store` is the real path of the file.
 * Beside the file, unless that path is too long or the file system knows no sockets; then in a folder of the user's own.
 */
export function controlAddresses(store: string): readonly string[] {
  const hash = createHash('sha256').update(store).digest('hex').slice(0, 32)
  if (process.platform === 'win32') return [`\\\\.\\pipe\\spanwise-${hash}`]
  const shared = [...new Set([tmpdir(), '/tmp'])].map((folder) => join(privateFolder(folder), `${hash}.sock`))
  return [`${store}.sock`, ...shared].filter((path) => Buffer.byteLength(path) <= longest)
}

function privateFolder(temporary: string): string {
  return join(realTemporary(temporary), `spanwise-${userInfo().uid}`)
}

/** The owner and a client may come to it by different links. */
function realTemporary(folder: string): string {
  try {
    return realpathSync(folder)
  } catch {
    // a TMPDIR that is not there: nobody can listen in it, and the next place is tried
    return folder
  }
}

/**
 * Makes room for a socket: what a killed owner left is removed. Only the holder of the store's lock may call it.
 * @throws CONTROL_UNSAFE when the place belongs to somebody else
 */
export function clearAddress(address: string, store: string): void {
  if (process.platform === 'win32') return
  if (address !== `${store}.sock`) ensurePrivate(join(address, '..'))
  const found = lstatSync(address, { throwIfNoEntry: false })
  if (found === undefined) return
  if (!found.isSocket()) throw unsafe(address, 'is not a socket')
  unlinkSync(address)
}

/** Everybody can write to the temporary folder: a folder there that another user made would let them listen in our name. */
function ensurePrivate(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const found = lstatSync(folder)
  if (!found.isDirectory()) throw unsafe(folder, 'is not a folder')
  if (found.uid !== userInfo().uid || (found.mode & 0o077) !== 0) throw unsafe(folder, 'is open to other users')
}

/** Whether a client may trust what listens there. */
export function isTrusted(address: string, store: string): boolean {
  if (process.platform === 'win32' || address === `${store}.sock`) return true
  const found = lstatSync(join(address, '..'), { throwIfNoEntry: false })
  return found?.isDirectory() === true && found.uid === userInfo().uid && (found.mode & 0o077) === 0
}

function unsafe(path: string, why: string): SpanwiseError {
  return new SpanwiseError({
    code: 'CONTROL_UNSAFE',
    message: `No control socket can be made there: ${path} ${why}.`,
    hint: 'Remove it, or set TMPDIR to a folder of your own.',
  })
}
