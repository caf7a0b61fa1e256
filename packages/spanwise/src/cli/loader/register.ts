import { isBuiltin, registerHooks } from 'node:module'
import { dirname, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { fileFor } from './candidates.ts'
import { mapped, mappingFor } from './tsconfig.ts'

/**
 * Imported for its effect, in the main thread and in pool threads: Node strips types by itself but takes names as they stand.
 * This lets a project's own files import as tsc lets them: without endings, `.js` for `.ts`, by tsconfig `paths` and `baseUrl`.
 */
registerHooks({
  resolve(specifier, context, next) {
    const parent = projectFile(context.parentURL)
    if (parent === undefined || isBuiltin(specifier)) return next(specifier, context)
    if (isRelative(specifier)) {
      try {
        return next(specifier, context)
      } catch (error) {
        const found = isNotFound(error) ? fileFor(toPath(specifier, parent)) : undefined
        if (found === undefined) throw error
        return next(pathToFileURL(found).href, context)
      }
    }
    const mapping = /^[a-z][a-z+.-]+:/i.test(specifier) ? undefined : mappingFor(dirname(parent))
    const found =
      mapping &&
      mapped(mapping, specifier)
        .map(fileFor)
        .find((file) => file !== undefined)
    return next(found === undefined ? specifier : pathToFileURL(found).href, context)
  },
})

/** Packages are resolved as they were published. */
function projectFile(url: string | undefined): string | undefined {
  if (url?.startsWith('file:') !== true) return undefined
  const path = fileURLToPath(url)
  return /[\\/]node_modules[\\/]/.test(path) ? undefined : path
}

function isRelative(specifier: string): boolean {
  return /^(\.{1,2}(\/|$)|\/|file:)/.test(specifier)
}

function toPath(specifier: string, parent: string): string {
  return specifier.startsWith('file:') ? fileURLToPath(specifier) : resolve(dirname(parent), decodeURI(specifier))
}

function isNotFound(error: unknown): boolean {
  const code = (error as { code?: unknown }).code
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'ERR_UNSUPPORTED_DIR_IMPORT' || code === 'MODULE_NOT_FOUND'
}
