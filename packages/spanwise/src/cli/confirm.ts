import { createInterface } from 'node:readline/promises'

/** Asks on a terminal; where nobody can answer, what was asked for on the command line is meant. */
export async function confirm(question: string): Promise<boolean> {
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) return true
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  const stop = new AbortController()
  // Ctrl-C and Ctrl-D are a no
  lines.on('SIGINT', () => stop.abort())
  lines.on('close', () => stop.abort())
  try {
    const answer = await lines.question(`${question} [y/N] `, { signal: stop.signal })
    return /^y(es)?$/i.test(answer.trim())
  } catch {
    process.stderr.write('\n')
    return false
  } finally {
    lines.close()
  }
}
