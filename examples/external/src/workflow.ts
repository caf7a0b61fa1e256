import { step, workflow } from 'spanwise'
import { z } from 'zod'

// performed by worker.py: a program in another language, perhaps on another machine
const count = step.external('count-words', {
  pool: 'words',
  input: z.object({ text: z.string() }),
  output: z.object({ words: z.number() }),
  timeout: '1m',
})

// performed by worker.sh
const shout = step.external('shout', {
  pool: 'shell',
  input: z.object({ line: z.string() }),
  output: z.string(),
  timeout: '1m',
})

export const report = workflow('report', { input: z.string() }, async (text) => {
  const { words } = await count({ text })
  return shout({ line: `${words} words` })
})
