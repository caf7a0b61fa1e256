import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createOpenAI } from '@ai-sdk/openai'
import type { LanguageModel } from 'ai'
import { freePorts, here, install, versions } from '../peers/place.ts'

const folder = join(here, 'portkey')
const name = '@portkey-ai/gateway'

export interface Portkey extends AsyncDisposable {
  readonly title: string
  /** the AI SDK's model, asked through it */
  readonly model: LanguageModel
}

/** Portkey's gateway, from its public package, in a process of its own as it is meant to run, in front of the same server. */
export async function startPortkey(provider: string): Promise<Portkey> {
  install(folder)
  const [port] = await freePorts(1)
  const program = join(folder, 'node_modules', name, 'build/start-server.js')
  const child = spawn(process.execPath, [program, `--port=${port}`, '--headless'], { stdio: 'ignore' })
  const close = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill()
    await exited
  }
  const address = `http://127.0.0.1:${port}`
  try {
    await listening(address)
  } catch (error) {
    await close()
    throw error
  }
  const headers = { 'x-portkey-provider': 'openai', 'x-portkey-custom-host': provider }
  return {
    title: `Portkey's gateway ${(versions(folder) as Record<string, string>)[name]}`,
    model: createOpenAI({ baseURL: `${address}/v1`, apiKey: 'k', headers })('gpt-5-mini'),
    [Symbol.asyncDispose]: close,
  }
}

async function listening(address: string): Promise<void> {
  for (let tries = 0; tries < 150; tries++) {
    const answer = await fetch(address).catch(() => undefined)
    if (answer?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error('it does not listen after half a minute')
}
