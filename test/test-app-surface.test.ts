import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spanwise, workflow } from 'spanwise'
import { testApp } from 'spanwise/testing'
import { expect, it } from 'vitest'

// the one for tests survives crashes, and so says each method anew: a type cannot tell that one was forgotten
it('an app for tests has every method of a real one', async () => {
  const workflows = [workflow('none', async () => {})]
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-surface-'))
  {
    await using real = await spanwise({ store: `sqlite:${join(folder, 'one.db')}`, workflows, audit: false })
    await using forTests = await testApp({ workflows })
    const methods = (app: object): string[] =>
      Object.keys(app).filter((name) => typeof app[name as never] === 'function')
    expect(methods(real).filter((name) => !methods(forTests).includes(name))).toEqual([])
  }
  rmSync(folder, { recursive: true })
})
