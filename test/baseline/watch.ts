import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { onTestFinished } from 'vitest'

const register = pathToFileURL(resolve(import.meta.dirname, '../../packages/spanwise/src/baseline/register.ts')).href

export interface Seen {
  readonly out: string
  readonly err: string
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-baseline-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export type Env = Readonly<Record<string, string>>

/** Runs a program of `programs/`, with the recorder where there is a folder for it. */
export function run(
  program: string,
  args: readonly string[],
  env: Env,
  folder?: string,
  shell?: string,
): Promise<Seen> {
  const file = join(import.meta.dirname, 'programs', program)
  const options = folder === undefined ? [] : ['--import', register]
  const inherited = { ...process.env }
  // what vitest starts its own processes with
  for (const name of ['NODE_OPTIONS', 'NODE_V8_COVERAGE', 'VITEST', 'SPANWISE_BASELINE_RUN']) delete inherited[name]
  const all = { ...inherited, ...env, ...(folder === undefined ? {} : { SPANWISE_BASELINE_DIR: folder }) }
  const line = [process.execPath, ...options, file, ...args]
  const child =
    shell === undefined
      ? spawn(line[0] as string, line.slice(1), { env: all })
      : spawn('bash', ['-c', `${shell}; exec "$@"`, 'bash', ...line], { env: all })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  return once(child, 'close').then(([code, signal]) => ({ out, err, code, signal }))
}
