import type { Template } from './template.ts'

export const batch: Template = {
  name: 'batch',
  says: 'many items, a few at a time, each one done once',
  workflow: 'measure',
  run: `measure '["one", "two", "three"]'`,
  code: `import { setTimeout } from 'node:timers/promises'
import { each, step, workflow } from 'spanwise'
import { z } from 'zod'

const measureOne = step('measure-one', { input: z.string(), timeout: '10s' }, async (text) => {
  await setTimeout(300)
  return { text, letters: text.length }
})

// killed half way, it goes on with the items that are not done
export const measure = workflow('measure', { input: z.array(z.string()).min(1) }, (texts) =>
  each(texts, { key: (text) => text, concurrency: 4 }, measureOne),
)
`,
  test: `test('measures every text', async () => {
  await using app = await testApp({ workflows: [measure] })
  const measured = await app.run(measure, ['one', 'three'])
  assert.deepEqual(measured, [
    { text: 'one', letters: 3 },
    { text: 'three', letters: 5 },
  ])
})`,
}
