import type { Command } from 'commander'

/** One place on the command line, `runs` or `runs show`: what may follow there. */
interface Place {
  readonly path: string
  readonly words: readonly string[]
}

/** Every command of a program, with its subcommands and options. */
export function places(command: Command, path = ''): readonly Place[] {
  const subcommands = command.commands.filter((one) => one.name() !== 'help')
  const flags = [...command.options, ...globals(command)].flatMap(({ long, short }) =>
    [long, short].filter((flag) => flag !== undefined),
  )
  const words = [...subcommands.map((one) => one.name()), ...flags, '--help']
  return [{ path, words }, ...subcommands.flatMap((one) => places(one, `${path} ${one.name()}`.trim()))]
}

function globals(command: Command): Command['options'] {
  return command.parent === null ? [] : [...command.parent.options, ...globals(command.parent)]
}

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

/** A script that a shell reads once: it knows the commands and options of this version, and starts nothing. */
export function completionScript(program: Command, shell: Shell): string {
  const all = places(program)
  if (shell === 'fish') return fish(all)
  const cases = all.map(({ path, words }) => `    "${path}") words="${words.join(' ')}" ;;`).join('\n')
  const known = all.map(({ path }) => path).filter((path) => path !== '')
  const body = `  local path="" word next words=""
  for word in "\${typed[@]}"; do
    case "$word" in -*) continue ;; esac
    next="\${path:+$path }$word"
    case "|${known.join('|')}|" in *"|$next|"*) path="$next" ;; esac
  done
  case "$path" in
${cases}
  esac`
  if (shell === 'bash')
    return `# eval "$(spanwise completion bash)"
_spanwise() {
  local current="\${COMP_WORDS[COMP_CWORD]}"
  local -a typed=("\${COMP_WORDS[@]:1:COMP_CWORD-1}")
${body}
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _spanwise spanwise
`
  return `#compdef spanwise
# eval "$(spanwise completion zsh)"
_spanwise() {
  local -a typed
  typed=("\${(@)words[2,CURRENT-1]}")
  _spanwise_words
}
_spanwise_words() {
${body}
  compadd -- \${=words}
  _files
}
compdef _spanwise spanwise
`
}

function fish(all: readonly Place[]): string {
  const lines = all.map(
    ({ path, words }) => `complete -c spanwise -n '__spanwise_at "${path}"' -a '${words.join(' ')}'`,
  )
  const known = all.map(({ path }) => `"${path}"`).join(' ')
  return `# spanwise completion fish | source
function __spanwise_at
  set -l path ""
  for word in (commandline -opc)[2..]
    string match -q -- '-*' $word; and continue
    set -l next (string trim "$path $word")
    contains -- $next ${known}; and set path $next
  end
  test "$path" = "$argv[1]"
end
${lines.join('\n')}
`
}
