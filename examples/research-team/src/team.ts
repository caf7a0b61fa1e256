import type { LanguageModel } from 'ai'
import { parallel, workflow } from 'spanwise'
import { agent, spending } from 'spanwise/agent'
import { z } from 'zod'
import { readMessage, searchArchive } from './tools.ts'

export const Report = z.object({
  answer: z.string(),
  findings: z.array(z.object({ topic: z.string(), what: z.string(), sources: z.array(z.string()) })),
})

/** A research team over an archive of mail: who is in it, and how they work together. */
export function researchTeam(model: LanguageModel) {
  const Plan = z.object({ topics: z.array(z.string()).min(1).max(4) })
  const Verdict = z.object({ good: z.boolean(), why: z.string() })
  const Question = z.object({ question: z.string() })

  const planner = agent('planner', {
    model,
    instructions:
      'You plan research in an archive of e-mails. Answer with up to four topics to look into, a few words each.',
    output: Plan,
    maxTurns: 3,
  })

  // a specialist for each topic: the same agent, at once, each with a share of the money
  const specialist = agent('specialist', {
    model,
    description: 'looks into one topic in the archive',
    instructions:
      'You look into one topic. Search the archive, read what matters, and say in two sentences what you found, with ids.',
    tools: { search: searchArchive, read: readMessage },
    budget: '20%',
    maxTurns: 6,
    onLimit: 'finish',
  })

  // the coordinator has the specialist as a tool: it decides whom to send where, and holds the whole
  const coordinator = agent('coordinator', {
    model,
    input: Question.extend({ topics: z.array(z.string()), objections: z.array(z.string()) }),
    prompt: ({ question, topics, objections }) =>
      [
        `Question: ${question}`,
        `Topics: ${topics.join('; ')}`,
        ...objections.map((one) => `Objection to your last report: ${one}`),
      ].join('\n'),
    instructions:
      'You coordinate research. Send a specialist to each topic, all at once. Then report what they found, with sources.',
    tools: { specialist },
    output: Report,
    maxTurns: 6,
  })

  const critic = agent('critic', {
    model,
    instructions: 'You check a report. It is good if every finding names its sources.',
    output: Verdict,
    maxTurns: 2,
  })

  /** Three read it, each alone; two have to find it good. */
  const vote = async (report: z.infer<typeof Report>) => {
    const text = JSON.stringify(report)
    const votes = Object.values(
      await parallel({ one: () => critic(text), two: () => critic(text), three: () => critic(text) }),
    )
    return {
      good: votes.filter(({ good }) => good).length >= 2,
      why: votes.filter(({ good }) => !good).map(({ why }) => why),
    }
  }

  /** Plan, execute, review; once more with the objections, if there are any. All of it for one budget. */
  return workflow('research', { input: Question, output: Report }, ({ question }) =>
    spending('$1', async () => {
      const { topics } = await planner(question)
      let objections: string[] = []
      for (let round = 0; ; round++) {
        const report = await coordinator({ question, topics, objections })
        const { good, why } = await vote(report)
        if (good || round === 1) return report
        objections = why
      }
    }),
  )
}
