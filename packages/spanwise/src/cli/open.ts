import { existsSync } from 'node:fs'
import { type App, connect, type Oversight, openWorker, type SpanwiseConfig, type Worker } from '../app/index.ts'
import {
  currentOwner,
  type EncryptionOptions,
  headerOf,
  keyVariable,
  parseStoreUrl,
  SpanwiseError,
} from '../journal/index.ts'
import type { Log } from '../workflow/index.ts'
import { findConfig } from './config/find.ts'
import { loadConfig, storeFrom } from './config/load.ts'
import { usage } from './usage.ts'
import { whoami } from './whoami.ts'

/** Options of every command. */
export interface Common {
  readonly config?: string
  readonly store?: string
  readonly json?: boolean
  /** why somebody looks */
  readonly why?: string
}

/** The config with its workflows, and the store that --store names instead of its own. */
export async function project(common: Common): Promise<SpanwiseConfig> {
  const config = await loadConfig(findConfig(process.cwd(), common.config))
  return common.store === undefined ? config : { ...config, store: storeFrom(common.store, process.cwd()) }
}

/** The store that is meant, and what opens it where it is encrypted. */
export interface Target {
  readonly store: string
  readonly encryption?: EncryptionOptions
  readonly oversight?: Oversight
  readonly redact?: SpanwiseConfig['redact'] & {}
}

/** Opens an encrypted store that is named by --store alone. */
export const storeKeyVariable = 'SPANWISE_STORE_KEY'

/** A config is read only where it says which store. */
export async function target(common: Common): Promise<Target> {
  if (common.store === undefined || common.config !== undefined) {
    const { store, encryption, oversight, redact } = await project(common)
    return {
      store,
      ...(encryption === undefined ? {} : { encryption }),
      ...(oversight === undefined ? {} : { oversight }),
      ...(redact === undefined ? {} : { redact }),
    }
  }
  const store = storeFrom(common.store, process.cwd())
  const address = parseStoreUrl(store)
  const isGiven = process.env[storeKeyVariable] !== undefined
  const needed = isGiven && address.kind === 'sqlite' && headerOf(address.path) !== undefined
  return { store, ...(needed ? { encryption: { keys: keyVariable(storeKeyVariable) } } : {}) }
}

export async function storeUrl(common: Common): Promise<string> {
  return (await target(common)).store
}

/** For commands that need no workflow's code: the process that works on the store, or the file. @param options create: makes the file */
export async function client<T>(
  common: Common,
  work: (app: App, store: string) => Promise<T>,
  options: { readonly create?: boolean } = {},
): Promise<T> {
  const { store, ...how } = await target(common)
  const address = parseStoreUrl(store)
  if (address.kind === 'memory') {
    throw usage('A store in memory lives and ends with its process.', 'Name a file: sqlite:./spanwise.db')
  }
  if (!existsSync(address.path) && options.create !== true) {
    throw new SpanwiseError({
      code: 'STORE_MISSING',
      message: `There is no store ${address.path} yet.`,
      hint: 'The first run makes it: spanwise run <workflow>. Or check the store in the config, or --store.',
    })
  }
  const access = how.oversight?.access ?? false
  const operator = access === false ? undefined : { by: whoami(), reason: common.why, needsReason: access === 'reason' }
  const app = await connect({ store, ...how, operator })
  try {
    return await work(app, store)
  } finally {
    await app.close()
  }
}

/** An app with the config's workflows: the worker of the store, or a client of the one that there is. */
export interface Session {
  readonly app: App
  readonly worker: Worker | undefined
  /** a client's: there is no worker any more */
  readonly left: Promise<void>
  close(): Promise<void>
}

export async function join(config: SpanwiseConfig, log: Log): Promise<Session> {
  if (ownerOf(config.store) === undefined) {
    try {
      const worker = await openWorker({ ...config, log: config.log ?? log })
      return { app: worker.app, worker, left: new Promise(() => {}), close: () => worker.app.close() }
    } catch (error) {
      // another one was quicker
      if ((error as { code?: unknown }).code !== 'STORE_OWNED') throw error
    }
  }
  const app = await connect({
    store: config.store,
    ...(config.webhooks === undefined ? {} : { webhooks: config.webhooks }),
    ...(config.encryption === undefined ? {} : { encryption: config.encryption }),
    ...(config.release === undefined ? {} : { release: config.release }),
    ...(config.oversight === undefined ? {} : { oversight: config.oversight }),
    ...(config.audit === undefined ? {} : { audit: config.audit }),
    ...(config.redact === undefined ? {} : { redact: config.redact }),
    workflows: config.workflows,
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setInterval(() => {
    if (ownerOf(config.store) === undefined) resolve()
  }, 300)
  return {
    app,
    worker: undefined,
    left: promise,
    close: async () => {
      clearInterval(timer)
      await app.close()
    },
  }
}

/** Whether something was ever stored there. */
export function hasStore(store: string): boolean {
  const address = parseStoreUrl(store)
  return address.kind === 'sqlite' && existsSync(address.path)
}

/** pid of the process that works on the store */
export function ownerOf(store: string): number | undefined {
  const address = parseStoreUrl(store)
  return address.kind === 'sqlite' ? currentOwner(address.path)?.pid : undefined
}
