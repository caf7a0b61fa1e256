import type { Command } from 'commander'
import { encryptTheStore } from './commands/keys.ts'
import { listArchives, restoreArchived, retainRuns } from './commands/retention.ts'
import { showRun } from './commands/runs.ts'
import {
  acceptStore,
  backupTheStore,
  checkTheStore,
  compactTheStore,
  restoreTheStore,
  storeInfo,
} from './commands/store.ts'
import { collect, type Define, examples, type Options } from './define.ts'

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
    .command('encrypt')
    .summary('encrypt it with the config’s key; no worker may run')
    .addHelpText('after', examples('store encrypt'))
    .action(action((options: Options) => encryptTheStore(screen, options)))
  store
    .command('compact')
    .summary('give free pages back to the disk; no worker may run')
    .addHelpText('after', examples('store compact'))
    .action(action((options: Options) => compactTheStore(screen, options)))
  const archive = rules(store.command('archive'))
    .summary('move old runs into files, by the config’s rules or by options')
    .addHelpText('after', examples('store archive --dry-run', 'store archive --older-than 90d --workflow digest'))
    .action(action((options: Options) => retainRuns(screen, 'archive', options)))
  archive
    .command('list')
    .summary('list the files')
    .addHelpText('after', examples('store archive list --json'))
    .action(action((options: Options) => listArchives(screen, options)))
  archive
    .command('show')
    .summary('show an archived run, as any other')
    .argument('<run>', 'id, beginning of an id, or workflow:your-id')
    .option('--all', 'leaves nothing out')
    .addHelpText('after', examples('store archive show digest:2026-11-01'))
    .action(action((run: string, options: Options) => showRun(screen, run, options)))
  archive
    .command('restore')
    .summary('take an archived run back into the store')
    .argument('<run>', 'id, beginning of an id, or workflow:your-id')
    .addHelpText('after', examples('store archive restore digest:2026-11-01'))
    .action(action((run: string, options: Options) => restoreArchived(screen, run, options)))
  for (const command of archive.commands) command.exitOverride()
  rules(store.command('prune'))
    .summary('delete old runs, by the config’s rules or by options')
    .addHelpText('after', examples('store prune --dry-run', 'store prune --older-than 365d --status failed'))
    .action(action((options: Options) => retainRuns(screen, 'delete', options)))
  for (const command of store.commands) command.exitOverride()
}

function rules(command: Command): Command {
  return command
    .option('--older-than <duration>', 'that ended so long ago, like 90d: instead of the config’s rules')
    .option('-w, --workflow <name>', 'with --older-than: only of this workflow')
    .option('--status <status>', 'with --older-than: only completed, failed or cancelled; may be repeated', collect)
    .option('-t, --tag <tag>', 'with --older-than: only with this tag')
    .option('--dry-run', 'only says which')
}
