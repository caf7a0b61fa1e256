import { findRun } from '../find.ts'
import { type Common, client } from '../open.ts'
import { heading } from '../output/blocks.ts'
import { entriesText } from '../output/entries.ts'
import { statusColor } from '../output/status.ts'
import { wrap } from '../output/text.ts'
import { jsonable } from '../output/value.ts'
import type { Terminal } from '../terminal.ts'
import { exitCode } from '../usage.ts'

/** What happened in a run and why, in plain English; each sentence with its entries. */
export async function explain(terminal: Terminal, text: string, options: Common): Promise<number> {
  return client(options, async (app) => {
    const explanation = await app.explain((await findRun(app, text)).id)
    if (terminal.json) {
      terminal.data(jsonable(explanation))
      return exitCode.ok
    }
    const { workflow, run, status, sentences } = explanation
    heading(terminal, workflow, run, terminal.paint(['bold', statusColor[status]], status))
    terminal.out('')
    for (const sentence of sentences) {
      const [first = '', ...more] = wrap(`${sentence.text} ${entriesText(sentence.entries)}`, terminal.columns - 2)
      terminal.out(`- ${first}`)
      for (const line of more) terminal.out(`  ${line}`)
    }
    terminal.note(terminal.paint('dim', `\n[n] is an entry: spanwise runs show ${run.slice(0, 12)} --entries`, 'note'))
    return exitCode.ok
  })
}
