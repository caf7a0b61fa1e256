import type { Command } from 'commander'
import { diffTwo } from './commands/diff.ts'
import { listFailures, showFailure } from './commands/failures.ts'
import { forkRun } from './commands/fork.ts'
import { showStates } from './commands/states.ts'
import { collect, type Define, examples, type Options, whole } from './define.ts'

export function defineRepair(program: Command, runs: Command, { screen, action }: Define): void {
  runs
    .command('fork')
    .summary('a new run from a point in this one’s history')
    .description(
      'Makes a new run whose history before an entry is this one’s; the entry and what came later happen anew. It parks in front of effects that are not allowed. Says first what it would do.',
    )
    .argument('<run>', 'id, beginning of an id, or workflow:your-id')
    .option('--from <index>', 'entry to fork from; by default the one that it failed at', whole)
    .option('--edit-input <json>', 'another input for the step there, or for the run at its start; JSON or a file')
    .option('--edit-result <json>', 'a result for the step there, or key=json for others; may be repeated', collect)
    .option('--edit-state <json>', 'another state for the graph or agent to go on from there; JSON or a file')
    .option('--allow <step>', 'a step that may have its effect, or *; may be repeated', collect)
    .option('--by <who>', 'who forks; you by default')
    .option('--dry-run', 'only says what it would take over and do')
    .option('-y, --yes', 'does not ask')
    .addHelpText(
      'after',
      examples(
        'runs fork 3f2a --from 12 --dry-run',
        `runs fork refund:o-7 --from 0 --edit-input '{"orderId": "o-8"}'`,
        `runs fork 3f2a --from 12 --edit-result '{"total": 12}' --allow send-mail`,
      ),
    )
    .action(action((run: string, options: Options) => forkRun(screen, run, options)))
  runs
    .command('diff')
    .summary('two runs side by side')
    .description('Shows two runs side by side, by their operations, and where they first went apart.')
    .argument('<a>', 'id, beginning of an id, or workflow:your-id')
    .argument('<b>', 'the same')
    .option('--all', 'shows what is the same, too')
    .addHelpText('after', examples('runs diff 3f2a 9c01', 'runs diff refund:o-7 refund:o-8 --json'))
    .action(action((a: string, b: string, options: Options) => diffTwo(screen, a, b, options)))

  runs
    .command('states')
    .summary('what a graph or an agent stood at, round by round')
    .description('Lists the states of the graph or agent of a run, and what changed in each of its rounds.')
    .argument('<run>', 'id, beginning of an id, or workflow:your-id')
    .option('--of <key>', 'the one of this key, where there are several: "graph(support)"')
    .option('--at <index>', 'the whole state as it was at this entry', whole)
    .option('--diff <index>', 'where it differs from --at to the one at this entry', whole)
    .addHelpText(
      'after',
      examples('runs states 3f2a', 'runs states 3f2a --at 12', 'runs states 3f2a --at 12 --diff 30'),
    )
    .action(action((run: string, options: Options) => showStates(screen, run, options)))

  const failures = program
    .command('failures')
    .summary('what failed, in how many runs')
    .description('Lists failures of runs that need attention, grouped; what was seen last comes first.')
    .option('-w, --workflow <name>', 'only of this workflow')
    .option('--all', 'counts runs that have ended as failed, too')
    .option('-n, --limit <count>', 'at most so many', whole, 20)
    .option('--after <cursor>', 'the page after another one')
    .addHelpText('after', examples('failures', 'failures show vX3k_2aQ', 'resume --fingerprint vX3k_2aQ --dry-run'))
    .action(action((options: Options) => listFailures(screen, options)))
  failures
    .command('show')
    .summary('counts, an example and its error')
    .argument('<fingerprint>', 'as the list says it')
    .addHelpText('after', examples('failures show vX3k_2aQ'))
    .action(action((fingerprint: string, options: Options) => showFailure(screen, fingerprint, options)))
  for (const command of failures.commands) command.exitOverride()
}
