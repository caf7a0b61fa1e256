import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const own = new URL('..', import.meta.url).href

/**
 * The place in the program that the call is made from: the innermost frame that is neither Node's, nor ours, nor of an
 * installed package. Frames of awaiting functions count.
 */
export function callSite(cwd: string): string | undefined {
  const before = Error.stackTraceLimit
  const prepare = Error.prepareStackTrace
  try {
    Error.stackTraceLimit = 60
    let found: string | undefined
    Error.prepareStackTrace = (_, frames) => {
      found = innermost(frames, cwd)
      return ''
    }
    // reading it is what prepares it
    void new Error().stack
    return found
  } catch {
    return undefined
  } finally {
    Error.prepareStackTrace = prepare
    Error.stackTraceLimit = before
  }
}

function innermost(frames: readonly NodeJS.CallSite[], cwd: string): string | undefined {
  let library: string | undefined
  for (const frame of frames) {
    const file = frame.getFileName() ?? frame.getScriptNameOrSourceURL()
    if (!file || file.startsWith('node:') || file.startsWith(own)) continue
    const path = file.startsWith('file:') ? fileURLToPath(file) : file
    const inside = path.split(/[\\/]node_modules[\\/]/)
    if (inside.length > 1) {
      library = /^(@[^\\/]+[\\/])?[^\\/]+/.exec(inside.at(-1) ?? '')?.[0]
      continue
    }
    const name = frame.getFunctionName()
    const place = `${relative(cwd, path) || path}:${frame.getLineNumber()}:${frame.getColumnNumber()}`
    return name ? `${place} ${name}` : place
  }
  // a library that goes on by itself, as for a stream: nobody of the program waits for it
  return library === undefined ? undefined : `inside ${library}`
}
