import { createInterface } from 'node:readline'
import { stripVTControlCharacters } from 'node:util'
import type { App, StreamBatch, StreamState } from '../../app/index.ts'
import { streamMissing } from '../../journal/index.ts'
import { parseJson, parseValue } from '../input.ts'
import { interruption } from '../interrupt.ts'
import { type Common, client } from '../open.ts'
import { facts, heading, listing } from '../output/blocks.ts'
import { bytes } from '../output/bytes.ts'
import type { Column } from '../output/table.ts'
import { ago, until } from '../output/time.ts'
import { jsonable } from '../output/value.ts'
import type { Terminal } from '../terminal.ts'
import { exitCode, usage } from '../usage.ts'

interface One extends Common {
  readonly tenant?: string
}

const place = ({ tenant }: One) => (tenant === undefined ? {} : { tenant })

export async function listStreams(
  terminal: Terminal,
  options: One & { readonly limit: number; readonly after?: string },
): Promise<number> {
  return client(options, async (app) => {
    const { limit, after } = options
    const page = await app.streams.list({ ...place(options), limit, ...(after === undefined ? {} : { after }) })
    if (terminal.json) {
      terminal.data({ streams: page.items.map(jsonable), after: page.after ?? null })
      return exitCode.ok
    }
    const columns: readonly Column<StreamState>[] = [
      { title: 'STREAM', cell: (one) => one.name, flexible: true },
      { title: 'STATUS', cell: (one) => (one.isClosed ? 'closed' : 'open') },
      { title: 'LENGTH', cell: length, align: 'right' },
      { title: 'TYPE', cell: (one) => one.type, flexible: true },
      { title: 'MADE', cell: (one) => ago(one.createdAt) },
      { title: 'TENANT', cell: (one) => (one.tenant === 'default' ? '' : one.tenant), spare: true },
    ]
    listing(terminal, page, columns, 'there are no streams; make one: spanwise streams create chat/42')
    return exitCode.ok
  })
}

function length({ type, length: count }: StreamState): string {
  if (!type.startsWith('application/json')) return bytes(count)
  return count === 1 ? '1 message' : `${count} messages`
}

interface Create extends One {
  readonly type?: string
  readonly ttl?: string
  readonly subject?: string
  readonly from?: string
  readonly offset?: string
}

export async function createStream(terminal: Terminal, name: string, options: Create): Promise<number> {
  const { type, ttl, subject, from, offset } = options
  if (offset !== undefined && from === undefined)
    throw usage('--offset is a place in the stream that is forked, and none is named.', 'Add --from, or leave it out.')
  return client(options, async (app) => {
    const made = await app.streams.create(name, {
      ...place(options),
      ...(type === undefined ? {} : { type }),
      ...(ttl === undefined ? {} : { ttl: ttl as never }),
      ...(subject === undefined ? {} : { subject }),
      ...(from === undefined ? {} : { fork: { from, ...(offset === undefined ? {} : { offset }) } }),
    })
    return tell(terminal, made, `${name} is there`)
  })
}

export async function showStream(terminal: Terminal, name: string, options: One): Promise<number> {
  return client(options, async (app) => {
    const one = await found(app, name, options)
    if (terminal.json) {
      terminal.data(jsonable(one))
      return exitCode.ok
    }
    heading(terminal, one.name, one.isClosed ? 'closed' : 'open')
    facts(terminal, [
      ['type', one.type],
      ['length', length(one)],
      ['offset', one.offset],
      ['tenant', one.tenant === 'default' ? undefined : one.tenant],
      ['made', `${ago(one.createdAt)}${one.run === undefined ? '' : ` by run ${one.run}`}`],
      ['gone', one.expiresAt === undefined ? undefined : until(one.expiresAt)],
      ['closed', one.closedAt === undefined ? undefined : ago(one.closedAt)],
      ['sha256', one.digest],
      ['sealed', one.seal === undefined ? undefined : `entry ${one.seal} of the store's own history`],
    ])
    return exitCode.ok
  })
}

interface Append extends One {
  readonly stdin?: boolean
  readonly close?: boolean
}

export async function appendStream(
  terminal: Terminal,
  name: string,
  text: string | undefined,
  options: Append,
): Promise<number> {
  if ((text === undefined) !== (options.stdin === true))
    throw usage('It is not said what to append, or twice.', 'Give a value, or --stdin.')
  return client(options, async (app) => {
    let one = await found(app, name, options)
    const isJson = one.type.startsWith('application/json')
    const append = async (value: unknown): Promise<void> => {
      one = await app.streams.append(name, value, { ...place(options), type: one.type })
    }
    if (text !== undefined) await append(isJson ? parseValue(text, 'The value') : text)
    else if (isJson) {
      for await (const line of createInterface({ input: process.stdin }))
        if (line.trim() !== '') await append(parseJson(line, 'A line of stdin'))
    } else for await (const chunk of process.stdin) await append(chunk)
    if (options.close === true) one = await app.streams.close(name, place(options))
    return tell(terminal, one, `appended: ${name} has ${length(one)}${one.isClosed ? ', and is closed' : ''}`)
  })
}

interface Read extends One {
  readonly offset?: string
}

const from = (options: Read) => ({
  ...place(options),
  ...(options.offset === undefined ? {} : { offset: options.offset }),
})

export async function readStream(terminal: Terminal, name: string, options: Read): Promise<number> {
  return client(options, async (app) => {
    for (let next = from(options); ; ) {
      const batch = await app.streams.read(name, next)
      print(terminal, batch)
      if (batch.isUpToDate) return exitCode.ok
      next = { ...next, offset: batch.offset }
    }
  })
}

export async function tailStream(terminal: Terminal, name: string, options: Read): Promise<number> {
  return client(options, async (app) => {
    const stop = interruption()
    try {
      for await (const batch of app.streams.tail(name, { ...from(options), signal: stop.signal }))
        print(terminal, batch)
      return stop.signal.aborted ? exitCode.interrupted : exitCode.ok
    } finally {
      stop.done()
    }
  })
}

/** Messages line by line, other types as they are; with --json also where to go on from. */
function print(terminal: Terminal, { messages, data, text, offset, isEnd }: StreamBatch): void {
  if (terminal.json) terminal.data({ offset, isEnd, ...(messages.length > 0 ? { messages } : { text }) })
  else if (messages.length > 0) for (const message of messages) terminal.out(JSON.stringify(message))
  else if (data.length > 0 && terminal.interactive) terminal.write(safe(text))
  // bytes as they are
  else if (data.length > 0) process.stdout.write(data)
}

/** what others wrote must not move the cursor */
function safe(text: string): string {
  return stripVTControlCharacters(text).replaceAll('\r', '')
}

export async function closeStream(terminal: Terminal, name: string, options: One): Promise<number> {
  return client(options, async (app) => {
    const one = await app.streams.close(name, place(options))
    return tell(terminal, one, `${name} is closed; sha256 ${one.digest}`)
  })
}

export async function deleteStream(terminal: Terminal, name: string, options: One): Promise<number> {
  return client(options, async (app) => {
    await app.streams.delete(name, place(options))
    if (terminal.json) terminal.data({ stream: name, deleted: true })
    else terminal.out(`${name} is deleted`)
    return exitCode.ok
  })
}

async function found(app: App, name: string, options: One): Promise<StreamState> {
  const one = await app.streams.get(name, place(options))
  if (one === undefined) throw streamMissing(name, 'unknown')
  return one
}

function tell(terminal: Terminal, one: StreamState, line: string): number {
  if (terminal.json) terminal.data(jsonable(one))
  else terminal.out(line)
  return exitCode.ok
}
