import { expect, it } from 'vitest'
import { project } from './project.ts'

const files = {
  'spanwise.config.ts': `
    import { defineConfig } from 'spanwise'
    import { greet, patient } from './workflows.ts'
    export default defineConfig({ store: 'sqlite:./store.db', workflows: [greet, patient], release: 'one' })`,
  'workflows.ts': source('hello'),
} as const

function source(word: string): string {
  return `
    import { approval, step, workflow } from 'spanwise'
    const hello = step('hello', async (name: string) => {
      if (name === 'bad') throw new TypeError('no such name')
      return '${word} ' + name
    })
    export const greet = workflow('greet', (name: string) => hello(name))
    export const patient = workflow('patient', async (name: string) => {
      await approval('greet ' + name + '?')
      return hello(name)
    })`
}

const timeout = 120_000

it('new code takes over, code that does not load changes nothing, and waiting runs go on', { timeout }, async () => {
  const greeting = project(files)
  const dev = greeting.begin(['dev'])
  await dev.says(/working on/)
  expect((await greeting.cli('run', 'greet', 'Ada')).out).toBe('hello Ada\n')
  await greeting.cli('run', 'patient', 'Bo', '--id', 'bo', '--detach')
  const al = (await greeting.cli('run', 'patient', 'Al', '--detach')).out.trim()
  await dev.says(/patient {2}waiting[\s\S]*patient {2}waiting/)

  greeting.write({ 'workflows.ts': 'export const broken = ' })
  await dev.says(/the version before goes on/)
  expect((await greeting.cli('approve', al, '--store', 'sqlite:./store.db')).code).toBe(0)
  await dev.says(/patient {2}completed/)

  greeting.write({ 'workflows.ts': source('good morning') })
  await dev.says(/working on[\s\S]*working on/)
  expect((await greeting.cli('run', 'greet', 'Di')).out).toBe('good morning Di\n')
  await greeting.cli('approve', 'patient:bo')
  await dev.says(/patient {2}completed[\s\S]*patient {2}completed/)
  expect((await greeting.cli('run', 'patient', 'Bo', '--id', 'bo')).out).toBe('good morning Bo\n')

  // an error is shown with the line of the source
  expect((await greeting.cli('run', 'greet', 'bad')).code).toBe(3)
  await dev.says("> 4 |       if (name === 'bad') throw new TypeError('no such name')")

  dev.child.kill('SIGINT')
  expect(await dev.ended).toMatchObject({ code: 0, err: expect.stringContaining('stopped') })
  // nobody works any more
  expect((await greeting.cli('start', '--help')).code).toBe(0)
  const next = greeting.begin(['start'])
  await next.says('working on')
})

it('dev that is killed leaves no worker behind', { timeout }, async () => {
  const greeting = project(files)
  const dev = greeting.begin(['dev'])
  await dev.says(/working on/)
  dev.child.kill('SIGKILL')
  // its worker writes to the same pipes: they close when it has ended
  await dev.ended
  const next = greeting.begin(['start'])
  await next.says('working on')
})

it('start --take-over ends the worker that there is and goes on with its runs', { timeout }, async () => {
  const greeting = project(files)
  const first = greeting.begin(['start', '--json'])
  await first.says('"working"')
  await greeting.cli('run', 'patient', 'Bo', '--id', 'bo', '--detach')
  const second = greeting.begin(['start', '--take-over', '--json'])
  await second.says('"working"')
  const ended = await first.ended
  expect(ended.code).toBe(0)
  await greeting.cli('approve', 'patient:bo')
  await second.says('"completed"')
})
