import type { Command } from 'commander'
import { listBudgets } from './commands/budgets.ts'
import { checkModels, listModels } from './commands/models.ts'
import { type Define, examples, type Options } from './define.ts'

export function defineModels(program: Command, { screen, action }: Define): void {
  const models = program
    .command('models')
    .summary('the models of the gateway: what they did, and whether they answer')
    .description(
      'Lists the aliases and candidates of the config’s gateway with what they did: calls, share of the alias, latency, cost, price, and who answered under their names. Where a worker lives, how they are doing.',
    )
    .option('--period <duration>', 'how far back', '7d')
    .option('-w, --workflow <name>', 'only calls of this workflow')
    .option('--tenant <tenant>', 'only of this tenant')
    .addHelpText('after', examples('models', 'models --period 24h --workflow triage', 'models check fast --quick'))
    .action(action((options: Options) => listModels(screen, options)))
    .exitOverride()
  models
    .command('check')
    .summary('ask every candidate once')
    .description(
      'Asks every candidate of the config’s gateway once, past budgets and records: whether its key holds, how long it takes, whether its price is known, and whether streams, tools and structured output work. Costs a few hundred tokens each. Ends with 1 where one does not answer.',
    )
    .argument('[alias]', 'only the candidates of this alias')
    .option('--quick', 'only whether they answer, and how long that takes')
    .addHelpText('after', examples('models check', 'models check fast --quick', 'models check --json'))
    .action(action((alias: string | undefined, options: Options) => checkModels(screen, alias, options)))
  program
    .command('budgets')
    .summary('how much of the budgets of models is used')
    .description(
      'Lists the gateway’s budgets: what is used of each in the window that now is in, with what calls under way may still use, what happens to calls beyond it, and when it begins anew. Of one that counts each by itself, the three that used the most.',
    )
    .addHelpText('after', examples('budgets', 'budgets --json'))
    .action(action((options: Options) => listBudgets(screen, options)))
}
