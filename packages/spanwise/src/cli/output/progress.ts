import type { Terminal } from '../terminal.ts'
import { took } from './time.ts'

export interface Progress {
  /** how far it is, and what is being done, where that is known */
  at(done: number, total?: number, what?: string): void
  close(): void
}

const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

/**
 * Something that may take longer than a second says so from then on: a line that moves on a terminal, a line now and then where
 * stderr is a file.
 */
export function progress(terminal: Terminal, label: string): Progress {
  const began = Date.now()
  let state = ''
  let turn = 0
  let saidAt = began
  const draw = (): void => {
    const now = Date.now()
    if (terminal.json || now - began < 1_000) return
    terminal.status(`${spinner[turn++ % spinner.length]} ${label}  ${state}${state && ' · '}${took(now - began)}`)
    if (process.stderr.isTTY === true || now - saidAt < 5_000) return
    saidAt = now
    terminal.note(`  … ${label} ${state}`.trimEnd())
  }
  const timer = setInterval(draw, 120)
  timer.unref()
  return {
    at(done, total, what) {
      state = [total === undefined ? String(done) : bar(done, total), what].filter(Boolean).join(' ')
    },
    close() {
      clearInterval(timer)
      terminal.status(undefined)
    },
  }
}

/** Does it, and shows that it goes on. */
export async function withProgress<T>(
  terminal: Terminal,
  label: string,
  work: (progress: Progress) => Promise<T>,
): Promise<T> {
  const shown = progress(terminal, label)
  try {
    return await work(shown)
  } finally {
    shown.close()
  }
}

export function bar(done: number, total: number): string {
  const full = total <= 0 ? 0 : Math.round((20 * Math.min(done, total)) / total)
  return `[${'='.repeat(full)}${' '.repeat(20 - full)}] ${done}/${total}`
}
