import { generateText, Output, streamText } from 'ai'
import { each, step, workflow } from 'spanwise'
import { type Models, prompts } from 'spanwise/models'
import { z } from 'zod'

const ask = prompts<{ triage: { mail: string }; answer: { mail: string; topic: string } }>(
  new URL('../prompts', import.meta.url),
)

const Triage = z.object({ urgency: z.enum(['low', 'normal', 'high']), topic: z.string() })

export function inboxOf(models: Models<'fast' | 'smart'>) {
  /** A step streams what it is answered; when it is tried again, it gets the recorded answer. */
  const write = step('write', async ({ mail, topic }: { mail: string; topic: string }) => {
    let text = ''
    // a stream that breaks fails the step, which is tried again: nothing to print
    const onError = () => {}
    const { textStream } = streamText({ model: models('smart'), ...ask('answer', { mail, topic }), onError })
    for await (const delta of textStream) text += delta
    return text
  })
  return workflow('inbox', (mails: readonly string[]) =>
    each(mails, { key: (mail) => mail, concurrency: 4 }, async (mail) => {
      const { output } = await generateText({
        model: models('fast'),
        output: Output.object({ schema: Triage }),
        ...ask('triage', { mail }),
      })
      return { ...output, answer: await write({ mail, topic: output.topic }) }
    }),
  )
}
