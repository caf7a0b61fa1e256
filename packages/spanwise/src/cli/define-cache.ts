import type { Command } from 'commander'
import { invalidateCache, listCache } from './commands/cache.ts'
import { type Define, examples, type Options, whole } from './define.ts'

export function defineCache(program: Command, { screen, action }: Define): void {
  const cache = program
    .command('cache')
    .summary('results of steps that other runs may reuse')
    .description('Lists and invalidates results of steps that other runs may reuse.')
  cache
    .command('list', { isDefault: true })
    .summary('what may be reused, newest first')
    .description('Lists what may be reused, newest first.')
    .option('--step <name>', 'only of this step')
    .option('-t, --tag <tag>', 'only with this tag')
    .option('--tenant <tenant>', 'only from runs of this tenant')
    .option('-n, --limit <count>', 'at most so many', whole, 50)
    .option('--after <cursor>', 'the page after another one')
    .addHelpText('after', examples('cache list', 'cache list --step fetch-rates --json'))
    .action(action((options: Options) => listCache(screen, options)))
  cache
    .command('invalidate')
    .summary('reuse something no more')
    .description('Forgets results, also those that are being computed now. Runs that have taken one keep it.')
    .option('--step <name>', 'results of this step')
    .option('--key <json>', 'those under this key: what its key function returns, or its input; JSON or text')
    .option('-t, --tag <tag>', 'results with this tag')
    .option('--tenant <tenant>', 'only from runs of this tenant')
    .option('--all', 'all results')
    .option('--dry-run', 'only says how many')
    .addHelpText(
      'after',
      examples('cache invalidate --step fetch-rates --key EUR --dry-run', 'cache invalidate --tag rates'),
    )
    .action(action((options: Options) => invalidateCache(screen, options)))
  for (const command of cache.commands) command.exitOverride()
}
