import type { Template } from './template.ts'

export const greet: Template = {
  name: 'greet',
  says: 'a step, a wait, another step',
  workflow: 'greet',
  run: 'greet Ada',
  code: `import { sleep, step, workflow } from 'spanwise'
import { z } from 'zod'

// what touches the world is a step: it is tried again when waiting may help, and its result is recorded
const compose = step('compose', { input: z.string(), timeout: '10s' }, async (name) => \`Good day, \${name}.\`)

const send = step('send', { input: z.string() }, async (text) => {
  console.error(\`  sent: \${text}\`)
  return { text, letters: text.length }
})

// what calls the steps is a workflow: kill the process while it waits, start it again, and it goes on
export const greet = workflow('greet', { input: z.string().min(1) }, async (name) => {
  const text = await compose(name)
  await sleep('2s')
  return send(text)
})
`,
  test: `test('greets, without waiting in a test', async () => {
  await using app = await testApp({ workflows: [greet], fakes: { send: () => ({ text: 'hi', letters: 2 }) } })
  const run = await app.start(greet, 'Ada')
  await app.advance('2s')
  assert.deepEqual(await run.result(), { text: 'hi', letters: 2 })
})`,
}
