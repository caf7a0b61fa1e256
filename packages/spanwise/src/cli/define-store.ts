import type { Command } from 'commander'
import {
  acceptStore,
  backupTheStore,
  checkTheStore,
  compactTheStore,
  restoreTheStore,
  storeInfo,
} from './commands/store.ts'
import { type Define, examples, type Options } from './define.ts'

export function defineStore(program: Command, { screen, action }: Define): void {
  const store = program
    .command('store')
    .summary('look after the store: sizes, backup, restore, check')
    .description('Looks after the file that everything is in.')
    .addHelpText('after', examples('store info', 'store backup ./backups/2026-03-01.db', 'store check'))
  store
    .command('info')
    .summary('what is in it, and what it takes on the disk')
    .addHelpText('after', examples('store info', 'store info --json'))
    .action(action((options: Options) => storeInfo(screen, options)))
  store
    .command('backup')
    .summary('copy it into a file, while work goes on')
    .argument('<file>', 'where to; nothing is overwritten')
    .addHelpText('after', examples('store backup ./backups/2026-03-01.db'))
    .action(action((file: string, options: Options) => backupTheStore(screen, file, options)))
  store
    .command('restore')
    .summary('put a backup in its place; what was there is kept')
    .argument('<file>', 'the backup')
    .addHelpText('after', examples('store restore ./backups/2026-03-01.db'))
    .action(action((file: string, options: Options) => restoreTheStore(screen, file, options)))
  store
    .command('accept')
    .summary('say that what a restored store lacks is known')
    .addHelpText('after', examples('store accept'))
    .action(action((options: Options) => acceptStore(screen, options)))
  store
    .command('check')
    .summary('hold every entry against what it committed to')
    .addHelpText('after', examples('store check', 'store check --store sqlite:./backups/2026-03-01.db'))
    .action(action((options: Options) => checkTheStore(screen, options)))
  store
    .command('compact')
    .summary('give free pages back to the disk; no worker may run')
    .addHelpText('after', examples('store compact'))
    .action(action((options: Options) => compactTheStore(screen, options)))
  for (const command of store.commands) command.exitOverride()
}
