import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { ProviderOptions } from './server.ts'

/** What can be told to a server in a process of its own. */
export interface ForkOptions
  extends Pick<ProviderOptions, 'pace' | 'timeScale' | 'keys' | 'models' | 'limits' | 'keep'> {
  /** faults of a volatile hour, as the provider of this name has them */
  readonly trace?: { readonly seed: string; readonly provider: string; readonly providers: readonly string[] }
}

export interface Totals {
  readonly calls: number
  readonly open: number
  readonly inputTokens: number
  readonly outputTokens: number
}

export interface ForkedProvider extends AsyncDisposable {
  readonly baseURL: string
  totals(): Promise<Totals>
  close(): Promise<void>
}

/** The server in a process of its own, so that what is measured is the client. */
export async function forkProvider(options: ForkOptions = {}): Promise<ForkedProvider> {
  const child = fork(new URL('./main.ts', import.meta.url), [JSON.stringify(options)], {
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const baseURL = await firstOf<string>(child)
  const close = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.disconnect()
    await exited
  }
  return {
    baseURL,
    totals: () => {
      child.send('totals')
      return firstOf<Totals>(child)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function firstOf<T>(child: ChildProcess): Promise<T> {
  const left = once(child, 'exit').then(([code]) =>
    Promise.reject(new Error(`The provider's process ended with ${code}.`)),
  )
  const [message] = (await Promise.race([once(child, 'message'), left])) as [T]
  left.catch(() => {})
  return message
}
