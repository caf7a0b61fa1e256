import type { Command } from 'commander'
import {
  backfillSchedule,
  deleteSchedule,
  listSchedules,
  pauseSchedule,
  previewSchedule,
  resumeSchedule,
  showSchedule,
  triggerSchedule,
} from './commands/schedules.ts'
import { type Define, examples, type Options, whole } from './define.ts'

export function defineSchedules(program: Command, { screen, action }: Define): void {
  const schedules = program
    .command('schedules')
    .summary('list schedules; show, pause, trigger or backfill one')
    .description('Lists what starts runs by the clock.')
    .option('-w, --workflow <name>', 'only of this workflow')
    .option('--tenant <tenant>', 'whose schedules')
    .option('-n, --limit <count>', 'at most so many', whole, 50)
    .option('--after <cursor>', 'the page after another one')
    .addHelpText(
      'after',
      examples(
        'schedules',
        'schedules show nightly',
        "schedules preview --cron '0 9 * * MON-FRI' --zone Europe/Berlin",
      ),
    )
    .action(action((options: Options) => listSchedules(screen, options)))
  const one = (name: string, summary: string): Command =>
    schedules
      .command(name)
      .summary(summary)
      .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`)
      .argument('<schedule>', 'its id')
      .option('--tenant <tenant>', 'whose schedule')

  one('show', 'show when it is due, and how it went')
    .option('--count <count>', 'how many of the next due times', whole, 5)
    .addHelpText('after', examples('schedules show nightly', 'schedules show nightly --count 20 --json'))
    .action(action((id: string, options: Options) => showSchedule(screen, id, options)))
  schedules
    .command('preview')
    .summary('show when a pattern would be due')
    .description('Shows when a pattern would be due; needs no store.')
    .option('--cron <pattern>', 'five fields, or six with seconds in front')
    .option('--zone <zone>', 'time zone of the pattern, like Europe/Berlin; UTC')
    .option('--every <duration>', 'an interval instead, like 15m')
    .option('--from <date>', 'due times after it; now')
    .option('--count <count>', 'how many', whole, 10)
    .addHelpText(
      'after',
      examples(
        "schedules preview --cron '30 2 * * *' --zone Europe/Berlin --from 2026-10-24",
        'schedules preview --every 90m',
      ),
    )
    .action(action((options: Options) => previewSchedule(screen, options)))
  one('pause', 'pause it: what is due meanwhile is left out')
    .option('--reason <reason>', 'why')
    .addHelpText('after', examples('schedules pause nightly --reason "year-end"'))
    .action(action((id: string, options: Options) => pauseSchedule(screen, id, options)))
  one('resume', 'go on with what is due from now on')
    .addHelpText('after', examples('schedules resume nightly'))
    .action(action((id: string, options: Options) => resumeSchedule(screen, id, options)))
  one('trigger', 'start a run now, whatever else is under way')
    .option('--id <id>', 'makes repeating it harmless: the same id is the same run')
    .addHelpText('after', examples('schedules trigger nightly'))
    .action(action((id: string, options: Options) => triggerSchedule(screen, id, options)))
  one('backfill', 'run due times of the past, each once')
    .requiredOption('--from <date>', 'the first due time, like 2026-03-01')
    .option('--to <date>', 'the last one; now')
    .option('--at-once', 'all at once, not one after the other')
    .option('--dry-run', 'only says which')
    .addHelpText('after', examples('schedules backfill nightly --from 2026-03-01 --to 2026-03-08 --dry-run'))
    .action(action((id: string, options: Options) => backfillSchedule(screen, id, options)))
  one('delete', 'delete it; its runs stay, and go on')
    .addHelpText('after', examples('schedules delete nightly'))
    .action(action((id: string, options: Options) => deleteSchedule(screen, id, options)))
  for (const command of schedules.commands) command.exitOverride()
}
