import { stripVTControlCharacters } from 'node:util'
import type { StreamEvent } from '../../app/index.ts'
import { findRun } from '../find.ts'
import { interruption } from '../interrupt.ts'
import { type Common, client } from '../open.ts'
import { describe, operation } from '../output/describe.ts'
import { jsonable } from '../output/value.ts'
import type { Terminal } from '../terminal.ts'
import { exitCode } from '../usage.ts'

/** What models say in a run while they say it: text to stdout, what is told about it to stderr. */
export async function streamRun(
  terminal: Terminal,
  text: string,
  options: Common & { readonly after?: string; readonly events?: boolean },
): Promise<number> {
  return client(options, async (app) => {
    const run = await findRun(app, text)
    const stop = interruption()
    const screen = speech(terminal)
    try {
      for await (const event of run.stream({ after: options.after, events: options.events, signal: stop.signal })) {
        if (terminal.json) terminal.data(jsonable(event))
        else screen.show(event)
      }
      screen.end()
      return stop.signal.aborted ? exitCode.interrupted : exitCode.ok
    } finally {
      stop.done()
    }
  })
}

function speech(terminal: Terminal): { show(event: StreamEvent): void; end(): void } {
  let speaking: string | undefined
  const heard = new Set<string>()
  const end = (): void => {
    if (speaking !== undefined) terminal.out('')
    speaking = undefined
  }
  const say = (call: string, text: string): void => {
    if (speaking !== call) {
      end()
      terminal.note(terminal.paint('dim', `… ${where(call)}`, 'note'))
      speaking = call
      heard.add(call)
    }
    // what a model says must not move the cursor
    terminal.write(stripVTControlCharacters(text).replaceAll('\r', ''))
  }
  return {
    end,
    show(event) {
      if (event.type === 'part') {
        if (event.part.type === 'text-delta') say(event.call, String(event.part['delta']))
        return
      }
      if (event.type === 'event') {
        const { key, kind } = event.event
        end()
        const what = describe(event.event)?.text ?? kind
        return terminal.note(terminal.paint('dim', `${key === '' ? '' : `${operation(key)}  `}${what}`, 'note'))
      }
      // it was over before, or is no stream
      if (event.type === 'final' && !heard.has(event.call)) say(event.call, textOf(event.event.payload))
      end()
      if (event.type === 'again') terminal.note(`✖ ${where(event.call)}: asked again, what it said counts no more`)
      else terminal.note(terminal.paint('dim', `${where(event.call)}  ${describe(event.event)?.text ?? ''}`, 'note'))
    },
  }
}

/** Of an answer on record, whole or streamed. */
function textOf(payload: unknown): string {
  const { content, parts } = (payload ?? {}) as { content?: unknown; parts?: unknown }
  const all = Array.isArray(content) ? content : Array.isArray(parts) ? parts : []
  return (all as readonly { readonly text?: unknown; readonly delta?: unknown; readonly type?: unknown }[])
    .map(({ type, text, delta }) => (type === 'text' ? text : type === 'text-delta' ? delta : ''))
    .join('')
}

/** A call's key holds a token of what is asked; people look for the step, or for which call of the body it is. */
function where(call: string): string {
  return operation(call.replace(/model\[[^\]]*\]/g, 'model').replace('~', '/'))
}
