import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { extname, join, normalize, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { problemResponse } from './problem.ts'
import { notFound } from './refusals.ts'

/** beside `src` and `dist` of the package, so that both find it */
const own = fileURLToPath(new URL('../../studio/', import.meta.url))

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.map': 'application/json',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
}

const quiet = { debug() {}, info() {}, warn() {}, error() {} }

/**
 * Serves the files of the studio; undefined where it is not built. Paths without an ending are places in the studio, and get its page.
 * What lies in `assets/` has a hash in its name and never changes.
 */
export function openStudio(folder = own): ((request: Request) => Promise<Response>) | undefined {
  if (!existsSync(join(folder, 'index.html'))) return undefined
  const root = normalize(folder).replace(/[\\/]$/, '')
  return async (request) => {
    const path = new URL(request.url).pathname
    if (path.startsWith('/api/')) return problemResponse(notFound(path), quiet)
    const name = extname(path) === '' ? '/index.html' : path
    const file = join(root, normalize(decodeURIComponent(name)))
    const body = file.startsWith(root + sep) ? await contentOf(file) : undefined
    if (body === undefined) return problemResponse(notFound(path), quiet)
    return new Response(body, {
      headers: {
        'content-type': types[extname(file)] ?? 'application/octet-stream',
        'cache-control': path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
      },
    })
  }
}

async function contentOf(file: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return new Uint8Array(await readFile(file))
  } catch {
    // there is no such file
    return undefined
  }
}
