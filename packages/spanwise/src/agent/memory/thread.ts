import type { ModelMessage } from 'ai'
import { decode, encode } from '../../journal/index.ts'
import { callStep, currentScope, now, type StepContext, type StepDefinition } from '../../workflow/index.ts'
import { ownStore } from './vectors.ts'
import { writable } from './writable.ts'

/** parts of a conversation that are read again, the latest ones */
const mostParts = 50

/** What was said in this thread in earlier runs. A step: it is on record what this run knew of them. */
export async function readThread(agent: string, thread: string): Promise<readonly ModelMessage[]> {
  return (await threadStep(agent, thread, 'thread', undefined, async (space, at) => {
    const parts = await ownStore().recall({ space, now: at, limit: mostParts })
    return parts.toReversed().flatMap(({ text }) => decode(text) as ModelMessage[])
  })) as readonly ModelMessage[]
}

/** Adds what was said in this run. Erased with the run, and with its subject. */
export async function writeThread(agent: string, thread: string, said: readonly ModelMessage[]): Promise<void> {
  const { subject } = currentScope('a thread').execution.started
  const kept = writable(said, 'a thread')
  await threadStep(agent, thread, 'keep', kept, async (space, at, { idempotencyKey, run }) => {
    const text = encode(kept, 'a thread')
    await ownStore().remember({ id: idempotencyKey, space, subject, run: run.id, text, at })
  })
}

function threadStep(
  agent: string,
  thread: string,
  name: string,
  input: unknown,
  fn: (space: string, at: number, context: StepContext) => Promise<unknown>,
): Promise<unknown> {
  const { tenant } = currentScope('a thread').execution.run
  const at = now().getTime()
  const definition: StepDefinition = {
    name: `${name}(${agent})`,
    kind: 'function',
    options: { effect: 'idempotent' },
    input: undefined,
    output: undefined,
    reconcile: undefined,
    fn: ((_: unknown, context: StepContext) => {
      const space = ownStore().info.token('memory', JSON.stringify(['thread', agent, tenant, thread]))
      return fn(space, at, context)
    }) as StepDefinition['fn'],
  }
  return callStep(definition, input)
}
