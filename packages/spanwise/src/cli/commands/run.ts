import { connect, type Run, type SpanwiseConfig, type StartOptions } from '../../app/index.ts'
import { errorFrom, exitFor } from '../ending.ts'
import { follow, type Outcome } from '../follow.ts'
import { type InputOptions, readInput } from '../input.ts'
import { interruption } from '../interrupt.ts'
import { terminalLog } from '../log.ts'
import { type Common, join, ownerOf, project } from '../open.ts'
import { errorLines } from '../output/error.ts'
import { jsonable, pretty } from '../output/value.ts'
import type { Terminal } from '../terminal.ts'
import { exitCode, usage } from '../usage.ts'
import { view } from '../view.ts'

export interface RunOptions extends Common, InputOptions {
  readonly id?: string
  readonly tag?: readonly string[]
  readonly tenant?: string
  readonly subject?: string
  readonly delay?: string
  readonly detach?: boolean
  readonly all?: boolean
}

/** Starts a run and stays with it. With no worker on the store this process is it; when one leaves meanwhile, it takes over. */
export async function runWorkflow(
  terminal: Terminal,
  name: string,
  argument: string | undefined,
  options: RunOptions,
): Promise<number> {
  const config = await project(options)
  const workflow = workflowNamed(config, name)
  const input = await readInput(argument, options)
  const start = startOptions(options)
  if (options.detach === true) return detach(terminal, config, workflow, input, start)

  const stop = interruption()
  let run: Run<unknown> | undefined
  let next = 0
  const shown = view(terminal, () => run, { all: options.all === true })
  // how the run ends is told at the end
  const log = terminalLog(terminal, (message) => message === 'a run needs attention')
  try {
    for (;;) {
      const session = await join(config, log)
      let outcome: Outcome | undefined
      try {
        const known: Run<unknown> =
          (run === undefined ? undefined : await session.app.get(run.id)) ??
          (await session.app.start(workflow as never, input as never, start as never))
        if (run === undefined && !terminal.json) {
          const pid = session.worker === undefined ? ` by process ${ownerOf(config.store) ?? '?'}` : ''
          terminal.note(`${name} ${terminal.paint('dim', known.id, 'note')}${pid}`)
        }
        run = known
        outcome = await follow(
          run,
          next,
          (event) => {
            next = event.index + 1
            if (!terminal.json) shown.event(event)
          },
          Promise.race([stop.happened, session.left]),
        )
        if (stop.signal.aborted) shown.close()
        if (outcome !== undefined) {
          shown.close()
          return report(terminal, run, outcome)
        }
      } finally {
        await session.close()
      }
      if (stop.signal.aborted) {
        terminal.note(`stopped; the run goes on with the next worker: spanwise runs follow ${run.id}`)
        return exitCode.interrupted
      }
    }
  } finally {
    shown.close()
    stop.done()
  }
}

export function report(terminal: Terminal, run: Run<unknown>, { state, result }: Outcome): number {
  const { workflow, status } = state
  if (terminal.json) {
    const end = status === 'completed' ? { result: jsonable(result) } : { error: jsonable(errorFrom(state)) }
    terminal.data({ run: run.id, workflow, status, ...end })
  } else if (status === 'completed') terminal.out(pretty(result, terminal.colors))
  else for (const line of errorLines(terminal, errorFrom(state), 'note')) terminal.note(line)
  return exitFor(status)
}

async function detach(
  terminal: Terminal,
  config: SpanwiseConfig,
  workflow: SpanwiseConfig['workflows'][number],
  input: unknown,
  start: StartOptions,
): Promise<number> {
  const app = await connect({
    store: config.store,
    ...(config.encryption === undefined ? {} : { encryption: config.encryption }),
    ...(config.release === undefined ? {} : { release: config.release }),
  })
  try {
    const run: Run<unknown> = await app.start(workflow as never, input as never, start as never)
    const pid = ownerOf(config.store)
    if (terminal.json) terminal.data({ run: run.id, workflow: workflow.name, worker: pid ?? null })
    else {
      terminal.out(run.id)
      terminal.note(
        pid === undefined
          ? 'queued: no worker runs now; one is started by: spanwise start'
          : `started; follow it: spanwise runs follow ${run.id}`,
      )
    }
    return exitCode.ok
  } finally {
    await app.close()
  }
}

function workflowNamed(config: SpanwiseConfig, name: string): SpanwiseConfig['workflows'][number] {
  const found = config.workflows.find((workflow) => workflow.name === name)
  if (found !== undefined) return found
  const names = config.workflows.map((workflow) => workflow.name)
  throw usage(
    `There is no workflow "${name}" in the config.`,
    names.length === 0 ? 'Its list of workflows is empty.' : `There are: ${names.join(', ')}.`,
  )
}

function startOptions(options: RunOptions): StartOptions {
  const { id, tenant, subject, tag, delay } = options
  return {
    ...(id === undefined ? {} : { id }),
    ...(tenant === undefined ? {} : { tenant }),
    ...(subject === undefined ? {} : { subject }),
    ...(tag === undefined ? {} : { tags: tag }),
    // checked where it is parsed
    ...(delay === undefined ? {} : { delay: delay as NonNullable<StartOptions['delay']> }),
  }
}
