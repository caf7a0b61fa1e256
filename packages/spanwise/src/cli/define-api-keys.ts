import type { Command } from 'commander'
import { createKey, listKeys, revokeKey } from './commands/api-keys.ts'
import { collect, type Define, examples, type Options } from './define.ts'

export function defineApiKeys(program: Command, { screen, action }: Define): void {
  const keys = program
    .command('api-keys')
    .summary('keys of the API: who may use the server')
    .description('Lists the keys of the API. What could be used is shown only once, when a key is made.')
    .addHelpText('after', examples('api-keys', 'api-keys --json'))
    .action(action((options: Options) => listKeys(screen, options)))
  keys
    .command('create')
    .summary('make a key; it is shown this once')
    .description('Makes a key and prints it: send it as `authorization: Bearer …`. It counts at once.')
    .argument('<name>', 'what it is for: stands in histories as who decided or operated')
    .requiredOption('--role <role>', 'viewer, operator, approver or admin; may be repeated', collect)
    .option('--tenant <tenant>', 'where; may be repeated; in all tenants by default', collect)
    .option('--approves <role>', 'a role that approvals ask for, or *; may be repeated', collect)
    .option('--expires <duration>', 'after a while, like 90d')
    .addHelpText(
      'after',
      examples(
        'api-keys create ci --role operator --expires 90d',
        'api-keys create ann --role approver --approves finance --tenant acme',
      ),
    )
    .action(action((name: string, options: Options) => createKey(screen, name, options)))
  keys
    .command('revoke')
    .summary('revoke a key: it counts no more, within a second')
    .argument('<key>', 'its id, as the list shows it')
    .addHelpText('after', examples('api-keys revoke 0f3a91bc22d7'))
    .action(action((id: string, options: Options) => revokeKey(screen, id, options)))
}
