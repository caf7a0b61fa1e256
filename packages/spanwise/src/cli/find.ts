import type { App, Run } from '../app/index.ts'
import { SpanwiseError } from '../journal/index.ts'
import { usage } from './usage.ts'

/** A run by its id, by the beginning of it where only one begins so, or as workflow:user-id. */
export async function findRun(app: App, text: string): Promise<Run<unknown>> {
  const colon = text.indexOf(':')
  if (colon > 0) {
    const run = await app.get(text.slice(0, colon), text.slice(colon + 1))
    if (run !== undefined) return run
    throw unknown(
      text,
      `There is no run of "${text.slice(0, colon)}" with the id ${JSON.stringify(text.slice(colon + 1))}.`,
    )
  }
  const exact = await app.get(text)
  if (exact !== undefined) return exact
  const { items } = text === '' ? { items: [] } : await app.list({ prefix: text, limit: 4 })
  const [only, another] = items
  if (only === undefined) throw unknown(text, `There is no run ${text} in this store.`)
  if (another !== undefined) {
    throw usage(
      `${text} is the beginning of more than one id: ${items.map((run) => run.id).join(', ')}.`,
      'Give more of it.',
    )
  }
  return (await app.get(only.id)) as Run<unknown>
}

/** An open approval by its id; a run stands for the only question that it asks. */
export async function findApproval(app: App, text: string): Promise<string> {
  if (/^a[0-9A-Za-z]{14}$/.test(text)) return text
  const run = await findRun(app, text)
  const { items } = await app.approvals({ run: run.id, limit: 10 })
  const [only, another] = items
  if (only !== undefined && another === undefined) return only.id
  if (only === undefined) {
    throw new SpanwiseError({
      code: 'APPROVAL_UNKNOWN',
      message: `Run ${run.id} asks nothing now.`,
      hint: 'spanwise approvals lists what is asked.',
      run: run.id,
    })
  }
  throw usage(`Run ${run.id} asks more than one question: ${items.map((item) => item.id).join(', ')}.`, 'Name one.')
}

function unknown(run: string, message: string): SpanwiseError {
  return new SpanwiseError({
    code: 'RUN_UNKNOWN',
    message,
    hint: 'spanwise runs lists what is there. Is it the right store? See the config, or --store.',
    run,
  })
}
