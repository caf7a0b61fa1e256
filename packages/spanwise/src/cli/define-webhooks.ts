import type { Command } from 'commander'
import {
  disableWebhook,
  enableWebhook,
  listDeliveries,
  listWebhooks,
  resendDeliveries,
  showWebhook,
  testWebhook,
} from './commands/webhooks.ts'
import { type Define, examples, type Options, whole } from './define.ts'

export function defineWebhooks(program: Command, { screen, action }: Define): void {
  const webhooks = program
    .command('webhooks')
    .summary('what others send, and who is told; show, test or turn off one, send again')
    .description('Lists the webhooks of the config, in and out, and what became of what they carried.')
    .addHelpText('after', examples('webhooks', 'webhooks deliveries --state dead', 'webhooks resend --webhook ops'))
    .action(action((options: Options) => listWebhooks(screen, options)))
  const one = (name: string, summary: string): Command =>
    webhooks.command(name).summary(summary).argument('<webhook>', 'its name')

  one('show', 'show one, and its latest deliveries')
    .addHelpText('after', examples('webhooks show ops', 'webhooks show github --json'))
    .action(action((name: string, options: Options) => showWebhook(screen, name, options)))
  webhooks
    .command('deliveries')
    .summary('what was told, and what is to be; newest first')
    .option('--webhook <name>', 'only of this one')
    .option('--state <state>', 'pending, delivered or dead')
    .option('--run <id>', 'only what tells of this run')
    .option('-n, --limit <count>', 'at most so many', whole, 50)
    .option('--after <cursor>', 'the page after another one')
    .addHelpText('after', examples('webhooks deliveries', 'webhooks deliveries --state dead --json'))
    .action(action((options: Options) => listDeliveries(screen, options)))
  webhooks
    .command('resend')
    .summary('send one again, or all of a webhook that could not be told')
    .argument('[delivery]', 'id, as the list shows it')
    .option('--webhook <name>', 'all of it that are dead')
    .addHelpText('after', examples('webhooks resend msg_3f2a…', 'webhooks resend --webhook ops'))
    .action(action((id: string | undefined, options: Options) => resendDeliveries(screen, id, options)))
  one('test', 'send a webhook.test, and say what came of it')
    .addHelpText('after', examples('webhooks test ops'))
    .action(action((name: string, options: Options) => testWebhook(screen, name, options)))
  one('disable', 'turn it off: nothing is taken or told')
    .option('--reason <reason>', 'why')
    .addHelpText('after', examples('webhooks disable ops --reason "their key leaked"'))
    .action(action((name: string, options: Options) => disableWebhook(screen, name, options)))
  one('enable', 'turn it on again, from now on')
    .addHelpText('after', examples('webhooks enable ops'))
    .action(action((name: string, options: Options) => enableWebhook(screen, name, options)))
  for (const command of webhooks.commands) command.exitOverride()
}
