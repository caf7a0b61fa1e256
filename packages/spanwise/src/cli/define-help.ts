import { Argument, type Command } from 'commander'
import { doctor } from './commands/doctor.ts'
import { completionScript, type Shell, shells } from './completion.ts'
import { type Define, examples, type Options } from './define.ts'
import { exitCode } from './usage.ts'

/** What helps with the tool itself. */
export function defineHelp(program: Command, { screen, action }: Define): void {
  program
    .command('doctor')
    .summary('look for what is wrong here')
    .description(
      'Looks at Node, config, disk, store, clock, worker and runs, and says of what is wrong how to mend it. Changes nothing; ends with 1 when something is bad.',
    )
    .addHelpText('after', examples('doctor', 'doctor --store sqlite:/srv/app/spanwise.db --json'))
    .action(action((options: Options) => doctor(screen, options)))
  program
    .command('completion')
    .summary('a script that completes commands in your shell')
    .addArgument(new Argument('<shell>').choices(shells))
    .addHelpText(
      'after',
      `\nExamples:\n  $ eval "$(spanwise completion bash)"     # in ~/.bashrc\n  $ eval "$(spanwise completion zsh)"      # in ~/.zshrc, after compinit\n  $ spanwise completion fish | source      # in config.fish`,
    )
    .action(
      action(async (shell: Shell) => {
        screen.out(completionScript(program, shell).trimEnd())
        return exitCode.ok
      }),
    )
}
