import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { command, project, watch } from './project.ts'

const files = {
  'spanwise.config.ts': `
    import { defineConfig } from 'spanwise'
    import { greet } from './workflows.ts'
    export default defineConfig({ store: 'sqlite:./store.db', workflows: [greet] })`,
  'workflows.ts': `
    import { workflow } from 'spanwise'
    export const greet = workflow('greet', async (name: string) => 'hello ' + name)`,
}

// what a person sees needs a terminal
const script = spawnSync('script', ['--version']).status === 0

it.skipIf(!script)(
  'spanwise dev opens the studio once, not at each change, and not when told so',
  { timeout: 120_000 },
  async () => {
    const made = project(files)
    const opened = join(made.folder, 'opened.txt')
    const browser = join(made.folder, 'browser.sh')
    writeFileSync(browser, `#!/bin/sh\necho "$1" >> ${opened}\n`)
    chmodSync(browser, 0o755)
    const dev = (...args: readonly string[]) => {
      const { CI: _, SSH_CONNECTION: __, ...rest } = process.env
      const line = [...command, 'dev', '--port', '0', ...args].map((one) => `'${one}'`).join(' ')
      const child = spawn('script', ['-qec', line, '/dev/null'], {
        cwd: made.folder,
        env: { ...rest, BROWSER: browser, DISPLAY: ':0' },
        stdio: 'pipe',
      })
      onTestFinished(() => void child.kill('SIGKILL'))
      return watch(child)
    }
    const quiet = dev('--no-open')
    await quiet.says(/serving http/)
    quiet.child.kill('SIGTERM')
    await quiet.ended
    expect(existsSync(opened)).toBe(false)

    const running = dev()
    await running.says(/serving http/)
    await expect.poll(() => existsSync(opened) && readFileSync(opened, 'utf8')).toMatch(/^http:\/\/127\.0\.0\.1:\d+\n$/)
    const response = await fetch(readFileSync(opened, 'utf8').trim())
    expect(response.status).toBeLessThan(500)
    made.write({ 'workflows.ts': files['workflows.ts'].replace('hello', 'good morning') })
    await running.says(/serving http[\s\S]*serving http/)
    expect(readFileSync(opened, 'utf8').trim().split('\n').length).toBe(1)
    running.child.kill('SIGTERM')
    await running.ended
  },
)
