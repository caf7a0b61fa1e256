import { sleep, step, workflow } from 'spanwise'

const ask = step('ask', async (at: number) => (at >= 3 ? 'ready' : 'not yet'))

/** Asks for months if need be: `continueAs` begins a new history under the same run, so that none grows long. */
export const poll = workflow('poll', async (asked: number, { continueAs }): Promise<string> => {
  const answer = await ask(asked)
  if (answer === 'ready') return `${answer} after ${asked}`
  await sleep('10m')
  return continueAs(asked + 1)
})
