import type { Command } from 'commander'
import { newKey, rotateKeys, showKeys } from './commands/keys.ts'
import { type Define, examples, type Options } from './define.ts'

export function defineKeys(program: Command, { screen, action }: Define): void {
  const keys = program
    .command('keys')
    .summary('make, show and rotate the keys of an encrypted store')
    .description('The keys that a store is encrypted with: the config names who keeps them.')
    .addHelpText('after', examples('keys new --out store.key', 'store encrypt', 'keys status', 'keys rotate'))
  keys
    .command('new')
    .summary('make a key')
    .option('-o, --out <file>', 'into a new file, readable by you only')
    .addHelpText('after', examples('keys new --out /run/secrets/store-key'))
    .action(action((options: Options) => newKey(screen, options)))
  keys
    .command('status')
    .summary('which key the store is encrypted with')
    .addHelpText('after', examples('keys status'))
    .action(action((options: Options) => showKeys(screen, options)))
  keys
    .command('rotate')
    .summary('wrap the store’s key with the newest key')
    .description(
      'Wraps the store’s key with the newest key of its provider; work may go on. With --store-key the store gets a new key itself; no process may work on it then. Content is not encrypted anew in either case.',
    )
    .option('--store-key', 'a new store key')
    .addHelpText('after', examples('keys rotate', 'keys rotate --store-key'))
    .action(action((options: Options) => rotateKeys(screen, options)))
  for (const command of keys.commands) command.exitOverride()
}
