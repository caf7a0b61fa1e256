import { Command, CommanderError } from 'commander'
import { version } from '../app/index.ts'
import { decide, delegate, listApprovals } from './commands/approvals.ts'
import { registerBaseline } from './commands/baseline.ts'
import { registerCosts } from './commands/costs.ts'
import { explain } from './commands/explain.ts'
import { listLimits } from './commands/limits.ts'
import { end, resume, sendSignal } from './commands/operate.ts'
import { runWorkflow } from './commands/run.ts'
import { followRun, listRuns, showRun } from './commands/runs.ts'
import { startWorker } from './commands/start.ts'
import { streamRun } from './commands/stream.ts'
import { collect, examples, type Options, whole } from './define.ts'
import { defineApiKeys } from './define-api-keys.ts'
import { defineAudit } from './define-audit.ts'
import { defineCache } from './define-cache.ts'
import { defineGraph } from './define-graph.ts'
import { defineHelp } from './define-help.ts'
import { defineKeys } from './define-keys.ts'
import { defineModels } from './define-models.ts'
import { defineProject } from './define-project.ts'
import { defineRepair } from './define-repair.ts'
import { defineSchedules } from './define-schedules.ts'
import { defineStore } from './define-store.ts'
import { defineStreams } from './define-streams.ts'
import { defineWebhooks } from './define-webhooks.ts'
import { showError } from './output/error.ts'
import { type Terminal, terminal } from './terminal.ts'
import { exitCode, isUsage } from './usage.ts'

/** Runs one command line. Resolves with the exit code; everything that went wrong has been said. */
export async function main(argv: readonly string[]): Promise<number> {
  const screen = terminal(argv.includes('--json'))
  let code: number = exitCode.ok
  const program = commandLine(screen, (ended) => {
    code = ended
  })
  try {
    if (argv.length === 0) {
      program.outputHelp()
      return code
    }
    await program.parseAsync([...argv], { from: 'user' })
    return code
  } catch (error) {
    screen.status(undefined)
    // commander has printed what it has to say
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage
    showError(screen, error)
    return isUsage(error) ? exitCode.usage : exitCode.failed
  }
}

type Handler = (...args: readonly unknown[]) => Promise<number>

/** The program, without running it. */
export function commandLine(screen: Terminal, ended: (code: number) => void): Command {
  /** Commander hands over arguments, options and the command; commands here want the options with the global ones. */
  const action =
    (handler: (...args: never) => Promise<number>) =>
    async (...given: readonly unknown[]): Promise<void> => {
      const command = given.at(-1) as Command
      ended(await (handler as unknown as Handler)(...given.slice(0, -2), command.optsWithGlobals()))
    }

  // lines that can be read, also into a pipe
  const helpWidth = (): number => Math.min(screen.columns, 100)
  const program = new Command('spanwise')
    .description('Durable, replayable workflows for AI systems: run them, watch them, mend them.')
    .version(version(), '-V, --version')
    .option('-c, --config <file>', 'config file; else spanwise.config.ts, .js or .mjs, found upwards from here')
    .option('-s, --store <url>', 'store instead of the config’s, like sqlite:./app.db')
    .option('--why <reason>', 'why you look: kept with what you read, where the config records that')
    .option('--json', 'for programs: one JSON document on stdout, or JSON lines where there is a stream')
    // else descriptions beside long options run over the end of a line of 80
    .configureHelp({ minWidthToWrap: 16 })
    .configureOutput({ getOutHelpWidth: helpWidth, getErrHelpWidth: helpWidth })
    .exitOverride()
    .showHelpAfterError('(--help says what there is)')
    .addHelpText(
      'after',
      `
A run is named by its id, by the beginning of it,
or as workflow:your-id.

Exit codes: 0 done; 1 the run failed or something is wrong;
2 wrong usage; 3 the run needs attention; 130 interrupted.
Environment: NO_COLOR=1; SPANWISE_DEBUG=1 shows stacks;
SPANWISE_LOG=debug|info|warn|error|silent.

Examples:
  $ spanwise run refund '{"orderId": "o-7"}' --id o-7
  $ spanwise start
  $ spanwise runs --status needs-attention
  $ spanwise runs show refund:o-7`,
    )

  program
    .command('run')
    .summary('start a run and follow it to its end')
    .description(
      'Starts a run and follows it to its end. With no worker on the store this process works itself; when one lives, it does the work. The result goes to stdout, everything else to stderr.',
    )
    .argument('<workflow>', 'name of a workflow in the config')
    .argument('[input]', 'JSON, or a plain text')
    .option('-f, --file <file>', 'reads the input, JSON, from a file')
    .option('--stdin', 'reads the input, JSON, from stdin')
    .option('--id <id>', 'your id: the same id is the same run, started once')
    .option('-t, --tag <tag>', 'a tag; may be repeated', collect)
    .option('--tenant <tenant>', 'whose run it is')
    .option('--subject <subject>', 'whom it is about')
    .option('--delay <duration>', 'not before, like 10m')
    .option('-d, --detach', 'only starts it, and prints its id')
    .option('--all', 'shows every step, also those inside loops')
    .addHelpText(
      'after',
      examples(
        'run greet Ada',
        `run refund '{"orderId": "o-7"}' --id o-7 --tag vip`,
        'run digest --file mails.json --json',
      ),
    )
    .action(
      action((name: string, input: string | undefined, options: Options) => runWorkflow(screen, name, input, options)),
    )

  program
    .command('start')
    .summary('work on the store until stopped')
    .description(
      'Works on the store: takes unfinished and new runs on until Ctrl-C or SIGTERM, then lets steps end. One worker for a file. Serves API and studio meanwhile.',
    )
    .option('--take-over', 'tells the worker that there is to end, and takes its place')
    .option('-p, --port <port>', 'where API and studio are served; 4747 or the next free one', whole)
    .option('--host <address>', 'the address to listen at; 127.0.0.1')
    .option('--no-work', 'only serves: another process works on the store')
    .option('--no-serve', 'only works: nothing listens')
    .addHelpText(
      'after',
      examples('start', 'start --port 8080', 'start --no-serve --json >> worker.log', 'start --take-over'),
    )
    .action(action((options: Options) => startWorker(screen, options)))

  defineProject(program, { screen, action })

  const runs = program
    .command('runs')
    .summary('list runs; show or follow one')
    .description('Lists runs, newest first.')
    .option('-w, --workflow <name>', 'only of this workflow')
    .option('--status <status>', 'only with this status, like failed or needs-attention; may be repeated', collect)
    .option('-t, --tag <tag>', 'only with this tag; may be repeated', collect)
    .option('--text <text>', 'only with this in the id or the input')
    .option('--fingerprint <fingerprint>', 'only with this failure')
    .option('--since <time>', 'only started since then: a date, or how long ago, like 2h')
    .option('-n, --limit <count>', 'at most so many', whole, 20)
    .option('--after <cursor>', 'the page after another one')
    .addHelpText(
      'after',
      examples(
        'runs',
        'runs --status failed --status needs-attention',
        'runs -w refund --since 2h',
        'runs -w refund --text o-7 --json',
        'runs show 3f2a',
        'runs follow refund:o-7',
      ),
    )
    .action(action((options: Options) => listRuns(screen, options)))
  runs
    .command('show')
    .summary('input, result or error, and timeline of a run')
    .argument('<run>', 'id, beginning of an id, or workflow:your-id')
    .option('--all', 'leaves nothing out')
    .option('--entries', 'lists every entry with its index')
    .option('--at <index>', 'as it stood when this entry had been written', whole)
    .addHelpText('after', examples('runs show 3f2a', 'runs show refund:o-7 --json', 'runs show 3f2a --at 12'))
    .action(action((run: string, options: Options) => showRun(screen, run, options)))
  runs
    .command('follow')
    .summary('show a run as it goes, until it ends')
    .argument('<run>', 'id, beginning of an id, or workflow:your-id')
    .option('--from <index>', 'from this entry on', whole, 0)
    .option('--all', 'shows every step, also those inside loops')
    .addHelpText('after', examples('runs follow 3f2a', 'runs follow refund:o-7 --json | jq .kind'))
    .action(action((run: string, options: Options) => followRun(screen, run, options)))
  runs
    .command('stream')
    .summary('show what models say in a run while they say it')
    .description(
      'Shows what models say in a run while they say it, and what is on record of each call. Text goes to stdout, everything else to stderr.',
    )
    .argument('<run>', 'id, beginning of an id, or workflow:your-id')
    .option('--after <cursor>', 'goes on after this event; the cursor is in the output of --json')
    .option('--events', 'shows what else is on record too, as it comes')
    .addHelpText('after', examples('runs stream 3f2a', 'runs stream refund:o-7 --json | jq -r .part.delta'))
    .action(action((run: string, options: Options) => streamRun(screen, run, options)))

  program
    .command('signal')
    .summary('tell a run something')
    .argument('<run>', 'id, beginning of an id, or workflow:your-id')
    .argument('<name>', 'name of the signal')
    .argument('[value]', 'JSON, or a plain text')
    .option('--send-id <id>', 'makes repeating it harmless')
    .addHelpText('after', examples(`signal refund:o-7 paid '{"amount": 12}'`))
    .action(
      action((run: string, name: string, value: string | undefined, options: Options) =>
        sendSignal(screen, run, name, value, options),
      ),
    )

  program
    .command('approvals')
    .summary('list open questions')
    .description('Lists questions that wait for an answer, oldest first.')
    .option('--role <role>', 'only for this role')
    .option('-n, --limit <count>', 'at most so many', whole, 20)
    .option('--after <cursor>', 'the page after another one')
    .addHelpText('after', examples('approvals', 'approvals --role finance --json'))
    .action(action((options: Options) => listApprovals(screen, options)))
  program
    .command('limits')
    .summary('who holds which limit, and how many wait')
    .description('Lists the limits of steps that are in use, the most waited for first.')
    .addHelpText('after', examples('limits', 'limits --json'))
    .action(action((options: Options) => listLimits(screen, options)))
  program
    .command('approve')
    .summary('say yes to a question')
    .argument('<approval>', 'its id; or the run, where it asks only one')
    .option('--by <who>', 'who decides; you by default')
    .option('--form <json>', 'the filled-in form')
    .addHelpText('after', examples('approve refund:o-7', `approve 3f2a --by ann --form '{"amount": 12}'`))
    .action(action((id: string, options: Options) => decide(screen, true, id, options)))
  program
    .command('reject')
    .summary('say no to a question')
    .argument('<approval>', 'its id; or the run, where it asks only one')
    .option('--reason <reason>', 'why')
    .option('--by <who>', 'who decides; you by default')
    .addHelpText('after', examples('reject refund:o-7 --reason "not our order"'))
    .action(action((id: string, options: Options) => decide(screen, false, id, options)))
  program
    .command('delegate')
    .summary('pass a question on to another role')
    .argument('<approval>', 'its id; or the run, where it asks only one')
    .requiredOption('--to <role>', 'who is asked instead')
    .option('--reason <reason>', 'why')
    .option('--by <who>', 'who passes it on; you by default')
    .addHelpText('after', examples('delegate refund:o-7 --to lead'))
    .action(action((id: string, options: Options & { to: string }) => delegate(screen, id, options)))

  targets(program.command('resume'), 'goes on with runs that need attention')
    .summary('go on with a run that needs attention, or with all of a failure')
    .option('--edit-input <json>', 'another input for the step that failed; JSON or a file')
    .option('--edit-result <json>', 'a result for the step that failed; of a fork, key=json for others', collect)
    .option('--allow <step>', 'of a fork: a step that may have its effect, or *; may be repeated', collect)
    .option('--discard', 'agrees that effects after the failure happen again')
    .option('--by <who>', 'who resumes; you by default')
    .addHelpText(
      'after',
      examples(
        'resume 3f2a',
        `resume refund:o-7 --edit-input '{"orderId": "o-8"}'`,
        'resume --fingerprint vX3k_2aQ --dry-run',
      ),
    )
    .action(action((run: string | undefined, options: Options) => resume(screen, run, options)))
  targets(program.command('cancel'), 'cancels runs: cleanup and compensations run')
    .summary('cancel a run')
    .option('--reason <reason>', 'why')
    .addHelpText('after', examples('cancel 3f2a --reason "ordered twice"', 'cancel --workflow nightly --dry-run'))
    .action(action((run: string | undefined, options: Options) => end(screen, 'cancel', run, options)))
  targets(program.command('give-up'), 'ends runs that need attention as failed: compensations run')
    .summary('end a run that needs attention as failed')
    .option('--reason <reason>', 'why')
    .addHelpText('after', examples('give-up 3f2a --reason "the order is gone"'))
    .action(action((run: string | undefined, options: Options) => end(screen, 'giveUp', run, options)))

  program
    .command('explain')
    .summary('what happened in a run and why, in plain English')
    .description(
      'Tells what happened in a run and why, from the record alone: what was asked, which models answered and why those, what was tried again, who approved, what it cost against the usual. Each sentence names its entries.',
    )
    .argument('<run>', 'id, beginning of an id, or workflow:your-id')
    .addHelpText('after', examples('explain 3f2a', 'explain refund:o-7 --json'))
    .action(action((run: string, options: Options) => explain(screen, run, options)))
  defineAudit(program, { screen, action })
  defineApiKeys(program, { screen, action })
  defineKeys(program, { screen, action })
  defineRepair(program, runs, { screen, action })
  defineSchedules(program, { screen, action })
  defineWebhooks(program, { screen, action })
  defineGraph(program, { screen, action })
  defineCache(program, { screen, action })
  defineStreams(program, { screen, action })
  registerBaseline(program, screen, action)
  defineStore(program, { screen, action })
  defineHelp(program, { screen, action })
  registerCosts(program, screen, action)
  defineModels(program, { screen, action })

  for (const command of [...program.commands, ...runs.commands]) command.exitOverride()
  return program
}

function targets(command: Command, what: string): Command {
  return command
    .description(`${what[0]?.toUpperCase()}${what.slice(1)}.`)
    .argument('[run]', 'id, beginning of an id, or workflow:your-id')
    .option('--fingerprint <fingerprint>', 'all with this failure')
    .option('-w, --workflow <name>', 'all of this workflow')
    .option('-t, --tag <tag>', 'all with this tag; may be repeated', collect)
    .option('--dry-run', 'only says what would happen')
    .option('--after <cursor>', 'goes on where a stopped one said')
}
