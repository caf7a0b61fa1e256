import type { Run, RunEvent } from '../app/index.ts'
import { approvalId } from '../engine/index.ts'
import { type Described, describe } from './output/describe.ts'
import { bar } from './output/progress.ts'
import { shortId } from './output/status.ts'
import { took } from './output/time.ts'
import { brief } from './output/value.ts'
import type { Terminal } from './terminal.ts'

/** Shows a run as it goes. */
export interface View {
  event(event: RunEvent): void
  close(): void
}

const colors = { '✔': 'green', '✖': 'red', '!': 'yellow', '?': 'cyan', '•': 'dim', ' ': 'dim' } as const
const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

/** Lines on stderr, and a moving one under them on a terminal. What happens inside loops is counted, unless all is asked for. */
export function view(
  terminal: Terminal,
  run: () => Run<unknown> | undefined,
  options: { readonly all: boolean },
): View {
  const began = Date.now()
  let first: Date | undefined
  let steps = 0
  let counted = 0
  let last = ''
  let progress = ''
  let turn = 0
  let asked = 0
  let saidAt = Date.now()

  const draw = (): void => {
    const handle = run()
    if (handle === undefined) return
    const count = steps === 1 ? '1 step' : `${steps} steps`
    const parts = [count, took(Date.now() - (first?.getTime() ?? began)), progress || last].filter(
      (part) => part !== '',
    )
    terminal.status(`${spinner[turn++ % spinner.length]} ${shortId(handle.id)}  ${parts.join(' · ')}`)
    if (Date.now() - asked > 500) {
      asked = Date.now()
      handle.progress().then(
        (value) => {
          progress = progressText(value)
        },
        () => {},
      )
    }
  }
  const timer = terminal.json ? undefined : setInterval(draw, 120)

  /** Without a moving line, a word now and then. */
  const say = (): void => {
    if (counted === 0 || Date.now() - saidAt < 2_000) return
    saidAt = Date.now()
    if (process.stderr.isTTY !== true) terminal.note(`  … ${steps} steps, ${last}`)
    counted = 0
  }

  return {
    event(event) {
      first ??= event.at
      if (event.kind === 'step.result') steps++
      const what = describe(event)
      if (what === undefined) return
      if (what.nested && !what.notable && !options.all) {
        counted++
        last = what.text
        return say()
      }
      terminal.note(eventLine(terminal, event, what, first, 'note'))
      if (event.kind === 'approval.requested') {
        terminal.note(`            spanwise approve ${approvalId(run()?.id ?? '', event.key)}`)
      }
    },
    close() {
      clearInterval(timer)
      terminal.status(undefined)
    },
  }
}

export function eventLine(
  terminal: Terminal,
  event: RunEvent,
  what: Described,
  first: Date,
  on: 'out' | 'note',
): string {
  const time = `+${took(event.at.getTime() - first.getTime())}`.padStart(9)
  return `${terminal.paint('dim', time, on)} ${terminal.paint(colors[what.mark], what.mark, on)} ${what.text.replace(/\s*\n\s*/g, ' ')}`
}

/** `{ done, total }` as a bar, a share as per cent, a text as it is. */
function progressText(value: unknown): string {
  if (typeof value === 'number' && value >= 0 && value <= 1) return `${Math.round(value * 100)} %`
  const { done, total } = (typeof value === 'object' && value !== null ? value : {}) as {
    done?: unknown
    total?: unknown
  }
  if (typeof done === 'number' && typeof total === 'number' && total > 0) {
    return bar(done, total)
  }
  return brief(value)
}
