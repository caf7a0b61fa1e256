import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { SpanwiseError } from '../../journal/index.ts'

/** set in the process that was started again with tsx: if that did not help, nothing more is tried */
const mark = 'SPANWISE_WITH_TSX'

export function runsWithTsx(): boolean {
  return process.env[mark] !== undefined
}

/** TypeScript that is more than types (enum, namespace, decorators), which Node does not strip. */
export function needsTsx(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX'
}

/**
 * Starts this command again with the project's tsx. Before anything was opened; a new process, because what failed to load
 * stays failed in this one, and its threads get the loader by the flag. Returns only where the process cannot be replaced.
 * @throws CONFIG_NEEDS_TSX when it is not installed
 */
export async function startAgainWithTsx(config: string, cause: unknown): Promise<never> {
  const tsx = findTsx(config)
  if (tsx === undefined) throw tsxMissing(config, cause)
  const args = ['--import', pathToFileURL(tsx).href, ...process.execArgv, ...process.argv.slice(1)]
  const env = { ...process.env, [mark]: '1' }
  if (process.platform !== 'win32' && process.execve !== undefined) {
    process.execve(process.execPath, [process.execPath, ...args], env)
  }
  const child = spawn(process.execPath, args, { stdio: 'inherit', env })
  // a terminal's Ctrl-C reaches both: the child ends, and this one after it
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  return new Promise<never>((_, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)))
  })
}

function findTsx(config: string): string | undefined {
  for (const from of [config, import.meta.filename]) {
    try {
      return createRequire(from).resolve('tsx')
    } catch {
      // the next place
    }
  }
  return undefined
}

function tsxMissing(config: string, cause: unknown): SpanwiseError {
  return new SpanwiseError({
    code: 'CONFIG_NEEDS_TSX',
    message: `${config} loads TypeScript that is more than types: an enum, a namespace, a decorator or a parameter property.`,
    hint: 'Node strips types only. Install tsx (npm install --save-dev tsx) and it is used; or write that code without them.',
    cause,
  })
}
