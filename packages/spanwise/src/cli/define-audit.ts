import type { Command } from 'commander'
import { bundle, check, prove, showKey, subject, verify } from './commands/audit.ts'
import { redact } from './commands/redact.ts'
import { collect, type Define, examples, type Options, whole } from './define.ts'
import { defineActs } from './define-acts.ts'
import { defineDecisions } from './define-decisions.ts'

export function defineAudit(program: Command, { screen, action }: Define): void {
  const audit = program
    .command('audit')
    .summary('check and prove what was recorded')
    .description('Holds the journal against what was signed, and proves single entries to others.')
  audit
    .command('verify')
    .summary('hold a store against its checkpoints')
    .description(
      'Reads the whole journal: every entry against its proof, all proofs against the signed checkpoints, and those against the copies that were kept outside. Works on a live store and on a backup.',
    )
    .option('-k, --key <key>', 'public key, or its file; the one beside the store by default; may be repeated', collect)
    .option('--since <file>', 'checkpoints that were kept; those beside the store by default; may be repeated', collect)
    .addHelpText(
      'after',
      examples('audit verify', 'audit verify --key auditor.key --since /mnt/worm/checkpoints --json'),
    )
    .action(action((options: Options) => verify(screen, options)))
  audit
    .command('key')
    .summary('show the public key')
    .option('-k, --key <file>', 'the key’s file, where it is not beside the store', collect)
    .addHelpText('after', examples('audit key > auditor.key'))
    .action(action((options: Options) => showKey(screen, options)))
  audit
    .command('prove')
    .summary('a proof that an entry is in the log')
    .argument('<run>', 'id, beginning of an id, or workflow:your-id')
    .argument('<index>', 'of the entry, as runs show --all has it', whole)
    .option('-o, --out <file>', 'writes it to a new file')
    .addHelpText('after', examples('audit prove refund:o-7 4 --out proof.json'))
    .action(action((run: string, index: number, options: Options) => prove(screen, run, index, options)))
  audit
    .command('check')
    .summary('check a proof; needs no store')
    .argument('<proof>', 'file')
    .option('-k, --key <key>', 'public key, or its file; may be repeated', collect)
    .addHelpText('after', examples('audit check proof.json --key auditor.key'))
    .action(action((file: string, options: Options) => check(screen, file, options)))
  audit
    .command('bundle')
    .summary('evidence of a run, for somebody who has no store')
    .description(
      'Writes one folder or zip file: a report to read, all entries with their proofs, the checkpoint, the public key, and a program that checks them with Node alone.',
    )
    .argument('<run>', 'id, beginning of an id, or workflow:your-id')
    .requiredOption('-o, --out <path>', 'a new folder, or a new file that ends in .zip')
    .option('-k, --key <key>', 'public key, or its file; the one beside the store by default; may be repeated', collect)
    .addHelpText('after', examples('audit bundle refund:o-7 --out o-7.zip', 'audit bundle 3f2a --out evidence/'))
    .action(action((run: string, options: Options) => bundle(screen, run, options)))
  audit
    .command('subject')
    .summary('all that is on record about a person or thing')
    .description(
      'Writes one folder or zip file: the runs that are about a subject, and its entries in runs about others, to read and as JSON.',
    )
    .argument('<subject>', 'as the runs were started with it')
    .requiredOption('-o, --out <path>', 'a new folder, or a new file that ends in .zip')
    .addHelpText('after', examples('audit subject customer-17 --out customer-17.zip'))
    .action(action((name: string, options: Options) => subject(screen, name, options)))
  audit
    .command('redact')
    .summary('show what would be redacted; changes nothing')
    .description(
      'Tells what the config’s rules find: in files or standard input, or in what is on record of a run. Entries that are written already stay as they are.',
    )
    .option('-f, --file <file>', 'a text; standard input by default; may be repeated', collect)
    .option('--run <run>', 'a run: id, beginning of an id, or workflow:your-id')
    .option('--text', 'prints the text as it would be written')
    .option('--check', 'exit code 1 where anything is found')
    .addHelpText(
      'after',
      examples('audit redact --file mail.json', 'audit redact --run refund:o-7', 'audit redact --text < prompt.txt'),
    )
    .action(action((options: Options) => redact(screen, options)))
  defineDecisions(audit, { screen, action })
  defineActs(audit, { screen, action })
  for (const command of audit.commands) command.exitOverride()
}
