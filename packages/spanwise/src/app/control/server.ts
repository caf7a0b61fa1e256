import { chmodSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { isMainThread } from 'node:worker_threads'
import type { Log } from '../../workflow/index.ts'
import { clearAddress, controlAddresses } from './address.ts'
import { MAX_FRAME } from './frames.ts'
import type { Served } from './methods.ts'
import { type Allowance, type Session, serveClient } from './session.ts'

export interface Control {
  /** where clients find it */
  readonly address: string
  close(): Promise<void>
}

const maxClients = 1_000

/**
 * Listens for other processes on behalf of the owner of `store` (its real path). Only whoever holds the store's lock may call
 * it: a socket that stands there already was left by a killed owner and is replaced. A place where no socket can be made is
 * no reason not to work: undefined, with a warning.
 */
export async function listenForClients(store: string, served: Served, log: Log): Promise<Control | undefined> {
  const failures: unknown[] = []
  for (const address of controlAddresses(store)) {
    try {
      return await listen(address, store, served)
    } catch (error) {
      failures.push(error)
    }
  }
  log.warn('no control socket could be made: the command line and other processes cannot reach this one', {
    store,
    error: new AggregateError(failures, 'no place for a control socket'),
  })
  return undefined
}

async function listen(address: string, store: string, served: Served): Promise<Control> {
  clearAddress(address, store)
  const sessions = new Set<Session>()
  const allowance: Allowance = { used: 0, most: 2 * MAX_FRAME }
  const server = createServer((socket) => {
    // clients do not keep the owner alive
    socket.unref()
    sessions.add(serveClient(socket, served, allowance, (session) => sessions.delete(session)))
  })
  server.maxConnections = maxClients
  await bind(server, address)
  server.on('error', () => {
    // accepting failed (no file handles left): the client tries again
  })
  server.unref()
  return {
    address,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      await Promise.all([...sessions].map((session) => session.close()))
      await closed
    },
  }
}

async function bind(server: Server, address: string): Promise<void> {
  // binding happens within the call: nobody else can connect in the moment before chmod
  const mask = isMainThread && process.platform !== 'win32' ? process.umask(0o177) : undefined
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(address, () => {
        server.off('error', reject)
        resolve()
      })
      if (mask !== undefined) process.umask(mask)
    })
  } finally {
    if (mask !== undefined) process.umask(mask)
  }
  if (process.platform !== 'win32') chmodSync(address, 0o600)
}
