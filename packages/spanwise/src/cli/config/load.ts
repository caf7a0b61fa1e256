import { dirname, isAbsolute, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { SpanwiseConfig } from '../../app/index.ts'
import { preloadInThreads } from '../../engine/index.ts'
import { currentOwner, parseStoreUrl, SpanwiseError } from '../../journal/index.ts'
import { needsTsx, runsWithTsx, startAgainWithTsx } from './typescript.ts'

/** Imports the config file and checks what it exports. @throws CONFIG_INVALID, CONFIG_FAILED, CONFIG_NEEDS_TSX, CONFIG_NOT_INERT */
export async function loadConfig(path: string): Promise<SpanwiseConfig> {
  if (!runsWithTsx()) {
    const hooks = new URL(`../loader/register.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url).href
    await import(hooks)
    preloadInThreads(hooks)
  }
  const config = check(path, await importConfig(path))
  const store = storeFrom(config.store, dirname(path))
  const address = parseStoreUrl(store)
  if (address.kind === 'sqlite' && currentOwner(address.path)?.pid === process.pid) throw notInert(path)
  return { ...config, store }
}

/** A relative path in a config is meant from where the config is. */
export function storeFrom(store: string, folder: string): string {
  const address = parseStoreUrl(store)
  if (address.kind !== 'sqlite' || isAbsolute(address.path)) return store
  return `sqlite:${resolve(folder, address.path)}`
}

async function importConfig(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(path).href)) as Record<string, unknown>
  } catch (error) {
    if (needsTsx(error)) return startAgainWithTsx(path, error)
    throw new SpanwiseError({
      code: 'CONFIG_FAILED',
      message: `${path} could not be loaded: ${error instanceof Error ? error.message : String(error)}`,
      hint: hintFor(error),
      cause: error,
    })
  }
}

function hintFor(error: unknown): string {
  const message = error instanceof Error ? error.message : ''
  if (/does not provide an export named/.test(message)) {
    return 'If that name is a type, write `import type`: Node strips types without looking into other files. With tsx installed it need not be said.'
  }
  if ((error as { code?: unknown } | null)?.code === 'ERR_MODULE_NOT_FOUND') {
    return 'Check the import, and that its package is installed.'
  }
  return 'The error is thrown while the file, or one that it imports, is loaded.'
}

function check(path: string, exports: Readonly<Record<string, unknown>>): SpanwiseConfig {
  const found = exports['default'] ?? exports['config']
  const config = (typeof found === 'object' && found !== null ? found : undefined) as
    | Partial<SpanwiseConfig>
    | undefined
  if (config === undefined) throw invalid(path, 'exports no config')
  if (typeof config.store !== 'string') throw invalid(path, 'names no store')
  if (!Array.isArray(config.workflows)) throw invalid(path, 'names no workflows')
  return config as SpanwiseConfig
}

function invalid(path: string, what: string): SpanwiseError {
  return new SpanwiseError({
    code: 'CONFIG_INVALID',
    message: `${path} ${what}.`,
    hint: "export default defineConfig({ store: 'sqlite:./spanwise.db', workflows: [...] }), or name the export `config`.",
  })
}

function notInert(path: string): SpanwiseError {
  return new SpanwiseError({
    code: 'CONFIG_NOT_INERT',
    message: `Loading ${path} opened an app on the same store.`,
    hint: 'A config only describes. Call spanwise() in your main program, not in the config or in a file that it imports.',
  })
}
