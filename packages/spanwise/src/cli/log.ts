import type { Log } from '../workflow/index.ts'
import { brief } from './output/value.ts'
import type { Terminal } from './terminal.ts'

const ranks = { debug: 0, info: 1, warn: 2, error: 3, silent: 4 } as const

/** The log of a worker that a person started: lines on stderr. `SPANWISE_LOG` sets the level, `info` by default. */
export function terminalLog(terminal: Terminal, quiet: (message: string) => boolean = () => false): Log {
  const wanted = process.env['SPANWISE_LOG'] ?? 'info'
  const least = wanted in ranks ? ranks[wanted as keyof typeof ranks] : ranks.info
  const at =
    (level: keyof Log, color: 'dim' | 'blue' | 'yellow' | 'red') =>
    (message: string, facts?: object): void => {
      if (ranks[level] < least || quiet(message)) return
      const about = facts === undefined ? '' : ` ${terminal.paint('dim', factsText(facts), 'note')}`
      terminal.note(`${terminal.paint(color, level.padEnd(5), 'note')} ${message}${about}`)
    }
  return { debug: at('debug', 'dim'), info: at('info', 'blue'), warn: at('warn', 'yellow'), error: at('error', 'red') }
}

function factsText(facts: object): string {
  return Object.entries(facts)
    .map(([name, fact]) => `${name}=${Error.isError(fact) ? (fact as Error).message : brief(fact)}`)
    .join(' ')
}
