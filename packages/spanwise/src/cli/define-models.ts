import type { Command } from 'commander'
import { checkModels, listModels } from './commands/models.ts'
import { type Define, examples, type Options } from './define.ts'

export function defineModels(program: Command, { screen, action }: Define): void {
  const models = program
    .command('models')
    .summary('the models of the gateway, and whether they answer')
    .description('Lists the aliases and candidates of the config’s gateway; where a worker lives, how they are doing.')
    .addHelpText('after', examples('models', 'models check', 'models check fast --quick'))
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
}
