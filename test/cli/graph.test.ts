import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseGraph } from '../../packages/spanwise/src/graph/definition/index.ts'
import { project } from './project.ts'

const definition = `
graph: triage
state: { type: object, properties: { text: { type: string }, urgent: { type: boolean, default: false } }, required: [text] }
nodes:
  look: { use: look@1 }
  page: { approval: '"page for " + state.text + "?"', output: {} }
edges:
  - { from: start, to: look }
  - { from: look, route: 'state.urgent ? "page" : "done"', to: { page: page, done: end } }
  - { from: page, to: end }
`
const files = {
  'triage.yaml': definition,
  'spanwise.config.js': `
import { readFileSync } from 'node:fs'
import { defineConfig } from 'spanwise'
import { loadGraph } from 'spanwise/graph/definition'
const triage = loadGraph(readFileSync(new URL('triage.yaml', import.meta.url), 'utf8'), {
  components: { 'look@1': ({ text }) => ({ urgent: text.includes('fire') }) },
})
export default defineConfig({ store: 'sqlite:./runs.db', workflows: [triage] })
`,
}

describe('spanwise graph', () => {
  it('checks, shows and draws graphs of the config and files, and the path of a run', async () => {
    const { cli, folder } = project(files)
    expect(await cli('graph', 'check')).toMatchObject({ code: 0, out: '✔ triage  2 nodes, 3 edges\n' })
    expect((await cli('graph', 'check', 'triage.yaml')).code).toBe(0)
    const run = await cli('run', 'triage', '{"text": "all is well"}', '--id', 'one')
    expect(run.code).toBe(0)
    const shown = await cli('graph', 'show', 'triage', '--run', 'triage:one')
    expect(shown.out).toContain(`● start
  └─▶ ● look
     ├─ page ─▶ · page (approval)
     │  └─▶ end
     └─ done ─▶ end
`)
    // of the config and of a file it is the definition that somebody wrote
    for (const name of ['triage', 'triage.yaml']) {
      const printed = (await cli('graph', 'show', name, '--definition')).out
      expect(parseGraph(printed)).toEqual({ ...parseGraph(definition), maxSteps: 100 })
    }
    const json = JSON.parse((await cli('graph', 'show', 'triage', '--definition', '--json')).out)
    expect(json.nodes.look).toEqual({ use: 'look@1' })
    expect((await cli('graph', 'render', 'triage.yaml', '-f', 'mermaid')).out).toContain('flowchart TD')
    await cli('graph', 'render', 'triage', '-f', 'svg', '-o', 'triage.svg')
    expect(readFileSync(join(folder, 'triage.svg'), 'utf8')).toContain('</svg>')
    const states = await cli('runs', 'states', 'triage:one')
    expect(states.out).toContain('→ done')
    expect((await cli('runs', 'states', 'triage:one', '--at', '2')).out).toContain("text: 'all is well'")
  })

  it('says what is wrong, and where', async () => {
    const { cli } = project({ ...files, 'bad.yaml': definition.replace('state.urgent ?', 'state.urgend ?') })
    const ended = await cli('graph', 'check', 'bad.yaml')
    expect(ended.code).toBe(1)
    expect(ended.err.replace(/\s+/g, ' ')).toContain('edges.1.route: state.urgend')
    expect((await cli('graph', 'show', 'other')).err).toContain('It has: triage.')
  })
})
