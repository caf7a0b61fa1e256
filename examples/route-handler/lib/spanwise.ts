import { type App, spanwise, step, workflow } from 'spanwise'

const summarize = step('summarize', async (text: string) => `${text.split(/\s+/)[0]}…`)

export const summary = workflow('summary', async (text: string) => summarize(text))

/** A development server loads modules again when they change: there is one app in the process all the same. */
const shared = globalThis as { __app?: Promise<App> | undefined }

export function app(): Promise<App> {
  shared.__app ??= spanwise({ store: process.env['STORE'] ?? 'sqlite:./summaries.db', workflows: [summary] })
  return shared.__app
}

/** for whoever ends the server */
export async function close(): Promise<void> {
  const open = await shared.__app
  shared.__app = undefined
  await open?.close()
}
