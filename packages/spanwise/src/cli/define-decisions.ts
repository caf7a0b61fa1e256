import type { Command } from 'commander'
import { listDecisions, showDecision, showLineage } from './commands/decisions.ts'
import { type Define, examples, type Options, whole } from './define.ts'

/** Under `audit`: what was decided, why, and with what. */
export function defineDecisions(audit: Command, { screen, action }: Define): void {
  paged(
    audit
      .command('decisions')
      .summary('list decisions that models had a part in')
      .description(
        'Lists decisions, latest first: model calls of a run, steps that asked a model, and steps with decision: true.',
      )
      .option('-r, --run <run>', 'only of this run')
      .option('--subject <subject>', 'only about this person or thing')
      .option('--model <model>', 'only with this alias, model or answered model')
      .option('--prompt <prompt>', 'only with this prompt, or version of it: triage@3')
      .option('--outcome <outcome>', 'done or failed; approved or rejected by a person who was asked after it')
      .option('--approver <who>', 'only where this person was asked after it, and decided')
      .option('--cost <dollars>', 'only what cost so much at least')
      .option('--text <text>', 'only with this in what was asked, given or answered'),
  )
    .addHelpText(
      'after',
      examples(
        'audit decisions --model gpt-5-mini --from 30d',
        'audit decisions --subject customer-17 --json',
        'audit decisions --approver ann --outcome rejected',
      ),
    )
    .action(action((options: Options) => listDecisions(screen, options)))
  audit
    .command('show')
    .summary('all that is on record about a decision')
    .argument('<decision>', 'run/entry, as the list has it')
    .addHelpText('after', examples('audit show 3f2a/7', 'audit show refund:o-7/4 --json'))
    .action(action((decision: string, options: Options) => showDecision(screen, decision, options)))
  paged(
    audit
      .command('lineage')
      .summary('what is behind a decision, or which decisions something is behind')
      .description(
        'With a decision: what had a part in it, or may have had. With one of the options: the decisions that it had a part in.',
      )
      .argument('[decision]', 'run/entry, as the list has it')
      .option('--document <id>', 'that a step cited; policy@3 is one version')
      .option('--prompt <prompt>', 'triage, or one version of it: triage@3')
      .option('--model <model>', 'alias, model, or model as it answered')
      .option('--approver <who>', 'who decided an approval'),
  )
    .addHelpText('after', examples('audit lineage 3f2a/7', 'audit lineage --document refund-policy@2026-01 --from 90d'))
    .action(action((decision: string | undefined, options: Options) => showLineage(screen, decision, options)))
}

function paged(command: Command): Command {
  return command
    .option('--from <when>', 'only the last 7d, 12h, …, or from a date on')
    .option('--to <date>', 'only before this date')
    .option('-w, --workflow <name>', 'only of this workflow')
    .option('--tenant <tenant>', 'only of this tenant')
    .option('-n, --limit <count>', 'at most so many', whole, 20)
    .option('--after <cursor>', 'the page after another one')
}
