import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import {
  type EncryptionOptions,
  encryptStore,
  type KeyStatus,
  keyStatus,
  keyVariable,
  rotateKey,
  rotateStoreKey,
} from '../../journal/index.ts'
import { type Common, storeKeyVariable, target } from '../open.ts'
import { facts, heading } from '../output/blocks.ts'
import { bytes } from '../output/bytes.ts'
import { plural } from '../output/text.ts'
import { ago } from '../output/time.ts'
import type { Terminal } from '../terminal.ts'
import { exitCode, usage } from '../usage.ts'
import { fileOf } from './store.ts'

/** A new key: to the terminal, or into a file that only its owner may read. */
export async function newKey(terminal: Terminal, options: { readonly out?: string }): Promise<number> {
  const key = randomBytes(32).toString('base64')
  if (options.out === undefined) {
    terminal.out(key)
    return exitCode.ok
  }
  let file: number
  try {
    file = openSync(options.out, 'wx', 0o600)
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EEXIST') throw error
    throw usage(
      `${options.out} is there already.`,
      'A key that opens a store must not be overwritten: name a new file.',
    )
  }
  writeSync(file, `${key}\n`)
  fsyncSync(file)
  closeSync(file)
  if (terminal.json) terminal.data({ file: options.out })
  else {
    terminal.out(`${options.out}: a key of 32 bytes, readable by you only`)
    terminal.note('Keep a copy elsewhere: without it nobody reads what is encrypted with it.')
  }
  return exitCode.ok
}

export async function encryptTheStore(terminal: Terminal, options: Common): Promise<number> {
  const path = await fileOf(options)
  const done = await encryptStore(path, await encryptionOf(options), (entries, all) =>
    terminal.status(`encrypted ${entries} of ${all} entries`),
  )
  terminal.status(undefined)
  if (terminal.json) terminal.data(done)
  else {
    terminal.out(
      `${done.path} is encrypted: ${plural(done.entries, 'entry', 'entries')}, ${bytes(done.bytes)}, key ${done.keyId}`,
    )
    terminal.note('Backups and copies from before are not: delete them, or keep them as you keep what is in clear.')
  }
  return exitCode.ok
}

export async function showKeys(terminal: Terminal, options: Common): Promise<number> {
  return show(terminal, await keyStatus(await fileOf(options), await encryptionOf(options)))
}

export async function rotateKeys(
  terminal: Terminal,
  options: Common & { readonly storeKey?: boolean },
): Promise<number> {
  const [path, encryption] = [await fileOf(options), await encryptionOf(options)]
  return show(terminal, await (options.storeKey === true ? rotateStoreKey : rotateKey)(path, encryption))
}

function show(terminal: Terminal, status: KeyStatus): number {
  const { path, provider, keyId, newest, wrappedAt, storeKeyMade } = status
  if (terminal.json) {
    terminal.data(status)
    return exitCode.ok
  }
  heading(terminal, path)
  facts(terminal, [
    ['keys', provider],
    ['key', `${keyId}, since ${ago(new Date(wrappedAt))}`],
    ['store key', `made ${ago(new Date(storeKeyMade))}`],
  ])
  if (newest !== keyId) {
    terminal.out('')
    terminal.out(terminal.paint('yellow', `! there is a newer key: ${newest}`))
    terminal.note('Use it: spanwise keys rotate')
  }
  return exitCode.ok
}

async function encryptionOf(options: Common): Promise<EncryptionOptions> {
  const { encryption } = await target(options)
  if (encryption !== undefined) return encryption
  if (process.env[storeKeyVariable] !== undefined) return { keys: keyVariable(storeKeyVariable) }
  throw usage(
    'No key is named.',
    `Name it in the config: encryption: { keys: keyFile('…') }. With --store alone: the variable ${storeKeyVariable}.`,
  )
}
