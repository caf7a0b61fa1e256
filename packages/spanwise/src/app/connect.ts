import { systemClock } from '../engine/index.ts'
import { type EncryptionOptions, openStore, parseStoreUrl, type Store, storeFile } from '../journal/index.ts'
import type { Operator } from './acts.ts'
import { type App, makeApp } from './app.ts'
import type { Backend } from './backend.ts'
import { attach } from './control/index.ts'
import type { WithStore } from './evidence/exports.ts'
import { noExternalSteps } from './external.ts'
import { fileBackend } from './file.ts'
import { healthOf } from './health.ts'
import { releaseOf, type SpanwiseOptions } from './options.ts'
import { Redactors, redacting } from './redacting.ts'

/**
 * An app that does no work: it asks the process that works on the store, over its control socket, and the file itself while
 * there is none. It needs the code of a workflow only to start one.
 * @throws CONTROL_VERSION, CONTROL_DENIED, OWNER_UNREACHABLE, OWNER_SILENT from its methods
 */
export async function connect(
  options: Pick<
    SpanwiseOptions,
    'store' | 'clock' | 'release' | 'encryption' | 'oversight' | 'audit' | 'redact' | 'retention'
  > &
    Partial<Pick<SpanwiseOptions, 'workflows' | 'webhooks'>> & {
      /** somebody who looks at runs: what they read is recorded */
      readonly operator?: Operator | undefined
    },
): Promise<App> {
  const { store: given, clock = systemClock, encryption } = options
  const { backend, file, withStore, close } =
    typeof given === 'string' ? await reach(given, encryption) : direct(given, async () => {})
  let isClosing = false
  return makeApp(redacting(backend, new Redactors(options.redact, options.workflows ?? [])), {
    now: () => clock.now(),
    release: releaseOf(options),
    oversight: options.oversight ?? {},
    operator: options.operator,
    workflows: options.workflows ?? [],
    webhooks: options.webhooks ?? [],
    retention: options.retention ?? [],
    external: noExternalSteps(),
    withStore,
    audit: options.audit,
    file,
    close: () => {
      isClosing = true
      return close()
    },
    health: () => healthOf({ isClosing, isLost: false }, () => backend.counts()),
  })
}

interface Reached {
  readonly backend: Backend
  readonly file: string | undefined
  readonly withStore: WithStore
  close(): Promise<void>
}

async function reach(url: string, encryption: EncryptionOptions | undefined): Promise<Reached> {
  const address = parseStoreUrl(url)
  if (address.kind === 'memory') {
    const store = await openStore(url)
    return direct(store, () => store.close())
  }
  const file = storeFile(address.path)
  const open = (): Promise<Store> => openStore(url, { encryption })
  const backend = attach(file, open)
  const withStore: WithStore = async (work) => {
    const store = await open()
    try {
      return await work(store)
    } finally {
      await store.close()
    }
  }
  return { backend, file, withStore, close: () => backend.close() }
}

/** An open store belongs to whoever opened it, and only they know whether somebody works on it. */
function direct(store: Store, closeStore: () => Promise<void>): Reached {
  const backend = fileBackend(store)
  return {
    backend,
    file: store.info.path,
    withStore: (work) => work(store),
    close: async () => {
      await backend.close()
      await closeStore()
    },
  }
}
