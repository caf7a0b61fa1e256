import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { trail } from 'spanwise/agent'
import { gateway } from 'spanwise/models'
import { testApp } from 'spanwise/testing'
import { expect, it, onTestFinished } from 'vitest'
import { offlineModel } from './offline.ts'
import { picture } from './picture.ts'
import { researchTeam } from './team.ts'

it('plans, sends specialists at once, reports with sources and is voted on, for one budget', async () => {
  const server = await offlineModel()
  onTestFinished(() => server.close())
  const provider = createOpenAICompatible({
    name: 'any',
    baseURL: server.baseURL,
    supportsStructuredOutputs: true,
    includeUsage: true,
  })
  const prices = { overrides: [{ model: 'gpt-5-mini', input: 0.25, output: 2 }] }
  const research = researchTeam(gateway({ models: { smart: provider('gpt-5-mini') }, prices })('smart'))
  await using app = await testApp({ workflows: [research], faults: { crashAfter: 9 } })
  const run = await app.start(research, { question: 'What do people write about linux, filters and music?' })
  const report = await run.result()
  expect(report.findings.map(({ topic }) => topic)).toEqual(['linux', 'filters', 'music'])
  expect(report.findings.every(({ sources }) => sources.length > 0)).toBe(true)
  const trails = await trail(run.events())
  expect(trails.map(({ agent }) => agent)).toEqual(['planner', 'coordinator', 'critic', 'critic', 'critic'])
  const specialists = trails[1]?.did.filter((part) => part.type === 'agent') ?? []
  expect(specialists).toHaveLength(3)
  const lines = picture(trails, 80).split('\n')
  expect(lines[2]).toMatch(/^│ {2}├─ specialist {2}search, read ×2 +3 turns +\$0\.00\d\d$/)
  expect(lines.every((line) => line.length <= 80)).toBe(true)
})
