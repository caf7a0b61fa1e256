import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { completionScript, places } from './completion.ts'
import { commandLine } from './program.ts'
import { reference } from './reference.ts'
import { terminal } from './terminal.ts'

const program = () => commandLine(terminal(false), () => {})

describe('the page of commands', () => {
  it('is what the program says (npm run docs:cli)', () => {
    const page = readFileSync(new URL('../../../../docs/cli-reference.md', import.meta.url), 'utf8')
    expect(page).toBe(reference(program()))
  })

  it('has an example of every command that does something', () => {
    const page = reference(program())
    const sections = page.split(/^## /m).slice(1)
    const lacking = sections
      .filter((one) => !one.includes('```sh') && !/\[command\]/.test(one))
      .map((one) => one.split('\n')[0])
    expect(lacking).toEqual([])
  })
})

describe('completion', () => {
  const complete = (line: readonly string[]): string[] => {
    const script = `${completionScript(program(), 'bash')}
COMP_WORDS=(${line.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 ))
_spanwise
printf '%s\\n' "\${COMPREPLY[@]}"`
    return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split('\n')
  }

  it('knows commands, subcommands and options, past options with values', () => {
    expect(complete(['spanwise', 'ru'])).toEqual(['run', 'runs'])
    expect(complete(['spanwise', 'runs', 'fo'])).toContain('follow')
    expect(complete(['spanwise', '--store', 'x', 'runs', 'show', '--a'])).toContain('--all')
    expect(complete(['spanwise', 'runs', 'show', '--js'])).toEqual(['--json'])
  })

  it('is a script that each shell can read, where it is installed', () => {
    for (const shell of ['bash', 'zsh', 'fish'] as const) {
      const text = completionScript(program(), shell)
      for (const { words } of places(program())) for (const word of words) expect(text).toContain(word)
      try {
        execFileSync(shell, ['--version'], { stdio: 'ignore' })
      } catch {
        continue
      }
      execFileSync(shell, ['-n', '-c', text], { stdio: 'pipe' })
    }
  })
})
