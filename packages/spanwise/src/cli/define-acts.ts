import { type Command, Option } from 'commander'
import { act, listActs } from './commands/acts.ts'
import { type Define, examples, type Options, whole } from './define.ts'

/** What operators do to the record itself. */
export function defineActs(audit: Command, { screen, action }: Define): void {
  const on = (command: Command): Command =>
    command
      .option('--subject <subject>', 'all that is about this subject')
      .option('--run <run>', 'a run: id, beginning of an id, or workflow:your-id')
      .option('--reason <text>', 'why; part of the record')
      .option('--by <who>', 'who; you by default')
  on(audit.command('erase'))
    .summary('destroy content for good; proofs stay')
    .description(
      'Destroys what a run holds, or all that is about a subject, and the secret that it could be guessed with. Proofs stay valid. Who, when and why becomes an entry of the log.',
    )
    .option('--second <who>', 'who agreed, where the config asks for two')
    .option('-y, --yes', 'does not ask')
    .addHelpText('after', examples('audit erase --subject customer-7 --reason "request of 3 March"'))
    .action(action((options: Options) => act(screen, 'erase', options)))
  on(audit.command('hold'))
    .summary('forbid to erase or delete it: a legal hold')
    .addHelpText('after', examples('audit hold --run refund:o-7 --reason "case 12/26"'))
    .action(action((options: Options) => act(screen, 'hold', options)))
  on(audit.command('release'))
    .summary('end a legal hold')
    .addHelpText('after', examples('audit release --run refund:o-7 --reason "case closed"'))
    .action(action((options: Options) => act(screen, 'release', options)))
  const lists = [
    ['holds', 'held', 'list legal holds'],
    ['erasures', 'erased', 'list what was erased, by whom and why'],
    ['access', 'read', 'list who read what'],
  ] as const
  for (const [name, kind, summary] of lists) {
    audit
      .command(name)
      .summary(summary)
      .option('--after <cursor>', 'the next page')
      .addOption(new Option('-l, --limit <n>', 'on one page; 50').argParser(whole))
      .addHelpText('after', examples(`audit ${name}`))
      .action(action((options: Options) => listActs(screen, kind, options)))
  }
}
