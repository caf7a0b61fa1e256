import {
  acceptOlder,
  backupStore,
  checkStore,
  compactStore,
  parseStoreUrl,
  restoreStore,
  storeFacts,
} from '../../journal/index.ts'
import { type Common, storeUrl, target } from '../open.ts'
import { facts, heading } from '../output/blocks.ts'
import { bytes } from '../output/bytes.ts'
import { table } from '../output/table.ts'
import { plural } from '../output/text.ts'
import { ago } from '../output/time.ts'
import type { Terminal } from '../terminal.ts'
import { exitCode, usage } from '../usage.ts'
import { eraseAgainIn } from './acts.ts'

/** The file of the store: these commands look at it themselves, whoever works on it. */
export async function fileOf(options: Common): Promise<string> {
  const address = parseStoreUrl(await storeUrl(options))
  if (address.kind === 'sqlite') return address.path
  throw usage('A store in memory lives and ends with its process.', 'Name a file: sqlite:./spanwise.db')
}

export async function storeInfo(terminal: Terminal, options: Common): Promise<number> {
  const found = storeFacts(await fileOf(options))
  if (terminal.json) {
    terminal.data({
      ...found,
      owner: found.owner ?? null,
      older: found.older ?? null,
      encryption: found.encryption ?? null,
    })
    return exitCode.ok
  }
  const { owner, older, encryption, bytes: size } = found
  heading(terminal, found.path)
  facts(terminal, [
    [
      'worker',
      owner === undefined ? 'none' : `process ${owner.pid} on ${owner.host}, since ${ago(new Date(owner.since))}`,
    ],
    ['content', `${plural(found.runs, 'run')}, ${plural(found.entries, 'entry', 'entries')}`],
    ['file', `${bytes(size.file)}, ${bytes(size.free)} of it free`],
    ['log', bytes(size.wal)],
    ['archive', size.archive === 0 ? undefined : bytes(size.archive)],
    [
      'encrypted',
      encryption === undefined ? 'no' : `with key ${encryption.keyId}, since ${ago(new Date(encryption.wrappedAt))}`,
    ],
  ])
  if (older !== undefined) {
    const lost = older.acknowledged - older.position
    terminal.out('')
    terminal.out(
      terminal.paint(
        'yellow',
        `! ${ago(new Date(older.seen))} it lacked the last ${lost} entries or more that had been acknowledged`,
      ),
    )
    terminal.note('When that is known: spanwise store accept')
  }
  terminal.out('')
  const lines = table(terminal, found.tables, [
    { title: 'TABLE', cell: (one) => one.name },
    { title: 'SIZE', cell: (one) => bytes(one.bytes), align: 'right' },
  ])
  for (const line of lines) terminal.out(line)
  return exitCode.ok
}

export async function backupTheStore(terminal: Terminal, to: string, options: Common): Promise<number> {
  const result = await backupStore(await fileOf(options), to, { onProgress: progress(terminal, 'copied', bytes) })
  terminal.status(undefined)
  if (terminal.json) terminal.data(result)
  else terminal.out(`${result.path}: ${bytes(result.bytes)}, ${result.entries} entries, read back and whole`)
  return exitCode.ok
}

export async function restoreTheStore(terminal: Terminal, from: string, options: Common): Promise<number> {
  const result = await restoreStore(await fileOf(options), from)
  // without the key the next worker does it
  const erased = await eraseAgainIn(options, result.path).catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== 'STORE_ENCRYPTED') throw error
    return 0
  })
  if (terminal.json) {
    terminal.data({ ...result, kept: result.kept ?? null, erasedAgain: erased })
    return exitCode.ok
  }
  terminal.out(`${result.path} is the backup now: ${result.entries} entries`)
  if (erased > 0) terminal.out(`${erased} that were erased since are erased again`)
  if (result.kept !== undefined) terminal.note(`what was there before: ${result.kept}`)
  return exitCode.ok
}

export async function acceptStore(terminal: Terminal, options: Common): Promise<number> {
  const accepted = acceptOlder(await fileOf(options))
  if (terminal.json) terminal.data({ accepted })
  else terminal.out(accepted ? 'accepted: it is not warned about any more' : 'there is nothing to accept')
  return exitCode.ok
}

export async function checkTheStore(terminal: Terminal, options: Common): Promise<number> {
  const path = await fileOf(options)
  const { encryption } = await target(options)
  const checked = await checkStore(path, {
    encryption,
    onProgress: progress(terminal, 'checked', (n) => `${n} runs`),
  })
  terminal.status(undefined)
  const { runs, entries, erased, locked, problems } = checked
  if (terminal.json) terminal.data(checked)
  else {
    for (const problem of problems) terminal.out(`${terminal.paint('red', '✖')} ${problem}`)
    if (problems.length === 0) {
      const without = erased === 0 ? '' : `; ${erased} were erased and have their proofs only`
      const unread = locked === 0 ? '' : `; the content of ${locked} is encrypted and was not checked, without the key`
      terminal.out(
        `${terminal.paint('green', '✔')} ${plural(runs, 'run')}, ${plural(entries, 'entry', 'entries')}: all as they were written${without}${unread}`,
      )
    } else terminal.note('stop the worker, keep a copy, and restore a backup: spanwise store restore <file>')
  }
  return problems.length === 0 ? exitCode.ok : exitCode.failed
}

export async function compactTheStore(terminal: Terminal, options: Common): Promise<number> {
  terminal.status('compacting…')
  const { before, after } = await compactStore(await fileOf(options))
  terminal.status(undefined)
  if (terminal.json) terminal.data({ before, after })
  else terminal.out(`${bytes(before)} → ${bytes(after)}`)
  return exitCode.ok
}

function progress(
  terminal: Terminal,
  what: string,
  show: (count: number) => string,
): (done: number, total: number) => void {
  return (done, total) => terminal.status(`${what} ${show(done)} of ${show(total)}`)
}
