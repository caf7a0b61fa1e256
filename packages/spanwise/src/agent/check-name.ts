import { invalidAgent } from './errors.ts'

/** What models take as the name of a tool. */
export function checkToolName(agent: string, name: string): void {
  if (/^[\w-]{1,64}$/.test(name)) return
  throw invalidAgent(
    agent,
    `a tool cannot be named ${JSON.stringify(name)}`,
    'Models take letters, digits, _ and -, at most 64 of them.',
  )
}
