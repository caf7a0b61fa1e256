import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { bundleRun, exportSubject, type Run } from '../../app/index.ts'
import {
  checkProof,
  checkpointFile,
  type Finding,
  type InclusionProof,
  keyFile,
  proveEntry,
  readKeys,
  readNotes,
  type Verification,
  type Verifier,
  verifyLog,
} from '../../audit/index.ts'
import { headerOf, openStore, parseStoreUrl, SpanwiseError, type Store } from '../../journal/index.ts'
import { findRun } from '../find.ts'
import { parseJson } from '../input.ts'
import { type Common, client, target } from '../open.ts'
import { plural } from '../output/text.ts'
import type { Terminal } from '../terminal.ts'
import { exitCode, usage } from '../usage.ts'

type Keys = Common & { readonly key?: readonly string[] }

/** The public key, to be handed to whoever is to check. */
export async function showKey(terminal: Terminal, options: Keys): Promise<number> {
  return onFile(options, async (_, path) => {
    const [key] = keysOf(path, options) as [Verifier]
    const file = options.key?.[0] ?? keyFile(path)
    if (terminal.json) terminal.data({ key: key.text, file })
    else {
      terminal.out(key.text)
      terminal.note(`its secret half is in ${file}: who has that can sign; keep it from those who can write the store`)
    }
    return exitCode.ok
  })
}

export async function verify(
  terminal: Terminal,
  options: Keys & { readonly since?: readonly string[] },
): Promise<number> {
  return onFile(options, async (store, path, open) => {
    const keys = keysOf(path, options)
    const files = options.since ?? [checkpointFile(path)].filter((file) => existsSync(file))
    const since = files.flatMap(notesOf)
    const readers = await Promise.all(Array.from({ length: readersFor(await store.logSize()) }, open))
    const found = await verifyLog(store, {
      keys,
      since,
      readers,
      progress: (done, of) => terminal.status(`${number(done)} of ${number(of)} entries`),
    }).finally(() => Promise.all(readers.map((reader) => reader.close())))
    terminal.status(undefined)
    const good = found.findings.length === 0
    if (terminal.json) terminal.data({ ok: good, ...found, keys: keys.map(({ text }) => text) })
    else {
      describe(terminal, path, found, keys, files)
      tell(terminal, found)
    }
    return good ? exitCode.ok : exitCode.failed
  })
}

/** Connections beside the first one: each has a thread, which is worth it when there is much to do. */
function readersFor(entries: number): number {
  const most = Math.min(availableParallelism(), mostReaders) - 1
  return Math.max(0, Math.min(most, Math.floor(entries / worthAReader)))
}

/** what puts their results together is one thread, and keeps up with about so many */
const mostReaders = 6
const worthAReader = 50_000

export async function prove(
  terminal: Terminal,
  text: string,
  index: number,
  options: Common & { readonly out?: string },
): Promise<number> {
  const run = await client(options, async (app) => (await findRun(app, text)).id)
  return onFile(options, async (store) => {
    const proof = await proveEntry(store, run, index)
    const json = JSON.stringify(proof, null, 2)
    if (options.out === undefined) terminal.out(json)
    else {
      writeFileSync(options.out, `${json}\n`, { flag: 'wx' })
      terminal.note(`written to ${options.out}`)
    }
    return exitCode.ok
  })
}

/** Everything on record about a run, with proofs, for somebody who has no store. */
export async function bundle(
  terminal: Terminal,
  text: string,
  options: Keys & { readonly out: string },
): Promise<number> {
  const { out } = options
  const run = await client(options, async (app) => {
    const found = await findRun(app, text)
    await say(found)
    return found.id
  })
  return onFile(options, async (store, path) => {
    const made = await bundleRun(store, run, keysOf(path, options), out)
    if (terminal.json) terminal.data({ run, out, ...made })
    else {
      terminal.out(
        `${plural(made.entries, 'entry', 'entries')} and ${plural(made.decisions, 'decision')} of run ${run}: ${out}`,
      )
      terminal.note('to read: report.html; to check: node verify.mjs --key <the published key>')
    }
    return exitCode.ok
  })
}

/** Where it is recorded who reads what, an export is reading: on record before anything is written. */
async function say(run: Run<unknown>): Promise<void> {
  for await (const _ of run.events()) return
}

/** Everything on record about a person or thing. */
export async function subject(
  terminal: Terminal,
  name: string,
  options: Common & { readonly out: string },
): Promise<number> {
  const { out } = options
  return onFile(options, async (store) => {
    const runs = await store.runsOfSubject(name)
    await client(options, async (app) => {
      for (const id of runs) {
        const run = await app.get(id)
        if (run !== undefined) await say(run)
      }
    })
    const made = await exportSubject(store, name, out)
    if (terminal.json) terminal.data({ subject: name, out, ...made })
    else {
      terminal.out(`${plural(made.entries, 'entry', 'entries')} in ${plural(made.runs, 'run')} about ${name}: ${out}`)
      terminal.note('to read: index.html')
    }
    return exitCode.ok
  })
}

/** Needs no store: what an auditor does with a proof. */
export async function check(terminal: Terminal, file: string, options: Keys): Promise<number> {
  if (options.key === undefined)
    throw usage('No public key is named.', 'Name the one that the store’s owner published: --key <key or file>.')
  const proof = parseJson(readFileSync(file, 'utf8'), `The proof in ${file}`) as InclusionProof
  const good = checkProof(proof, readKeys(options.key))
  if (terminal.json) terminal.data({ ok: good, run: proof.run, index: proof.index })
  else if (good) terminal.out(`entry ${proof.index} of run ${proof.run} is in the log, at ${proof.position}`)
  else terminal.out(`this does not prove that entry ${proof.index} of run ${proof.run} is in the log`)
  return good ? exitCode.ok : exitCode.failed
}

/** The file itself, also while another process works on it: reading the journal takes nothing from anyone. */
async function onFile(
  common: Common,
  work: (store: Store, path: string, open: () => Promise<Store>) => Promise<number>,
): Promise<number> {
  const path = await client(common, async (_, url) => {
    const address = parseStoreUrl(url)
    return address.kind === 'sqlite' ? address.path : ''
  })
  const encryption = headerOf(path) === undefined ? undefined : ((await target(common)).encryption ?? 'locked')
  const open = (): Promise<Store> => openStore(`sqlite:${path}`, { encryption })
  const store = await open()
  try {
    return await work(store, path, open)
  } finally {
    await store.close()
  }
}

function keysOf(path: string, options: Keys): readonly Verifier[] {
  if (options.key !== undefined) return readKeys(options.key)
  const own = keyFile(path)
  if (existsSync(own)) return readKeys([own])
  throw new SpanwiseError({
    code: 'AUDIT_KEY_MISSING',
    message: `There is no key beside ${path}.`,
    hint: 'Name the public key that its checkpoints are signed with: --key <key or file>. A store that no app has worked on since sealing exists has none.',
  })
}

function notesOf(file: string): readonly string[] {
  if (!existsSync(file))
    throw usage(`There is no file ${file}.`, 'Name a file of checkpoints that was kept: --since <file>.')
  return readNotes(file)
}

function describe(
  terminal: Terminal,
  path: string,
  found: Verification,
  keys: readonly Verifier[],
  files: readonly string[],
): void {
  const line = (name: string, text: string): void => terminal.out(`${terminal.paint('dim', name.padEnd(11))}${text}`)
  const open = found.size - found.sealed
  line('store', path)
  const content = [
    ...(found.erased > 0 ? [`the content of ${number(found.erased)} erased`] : []),
    ...(found.archived > 0 ? [`of ${number(found.archived)} archived`] : []),
    ...(found.locked > 0 ? [`of ${number(found.locked)} encrypted and not checked, without the key`] : []),
  ]
  line('entries', [number(found.size), ...content].join(', '))
  line(
    'sealed',
    `${number(found.sealed)} under ${number(found.checkpoints)} checkpoint${found.checkpoints === 1 ? '' : 's'}${open > 0 ? `; ${number(open)} since the last one are not sealed yet` : ''}`,
  )
  for (const [i, { name, text }] of keys.entries()) line(i === 0 ? 'key' : '', `${name}+${text.split('+')[1]}`)
  line(
    'freshness',
    found.freshness === 'proven'
      ? `nothing that was sealed is missing, by ${files.join(', ')}`
      : 'not proven: no checkpoint from outside the store was given (--since)',
  )
}

const mostShown = 20

function tell(terminal: Terminal, { findings }: Verification): void {
  if (findings.length === 0) return terminal.out(terminal.paint('green', 'everything holds'))
  const [first] = findings as [Finding]
  terminal.out(terminal.paint('red', `it does not hold; the first that does not fit: ${where(first)}`))
  for (const finding of findings.slice(0, mostShown)) terminal.out(`  ${finding.what}`)
  if (findings.length > mostShown) terminal.note(`… and ${findings.length - mostShown} more: --json`)
}

function where({ run, index, from }: Finding): string {
  return run === undefined ? `position ${from}` : `entry ${index} of run ${run}, at ${from}`
}

function number(value: number): string {
  return value.toLocaleString('en-US')
}
