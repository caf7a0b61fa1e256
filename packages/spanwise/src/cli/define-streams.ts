import type { Command } from 'commander'
import {
  appendStream,
  closeStream,
  createStream,
  deleteStream,
  listStreams,
  readStream,
  showStream,
  tailStream,
} from './commands/streams.ts'
import { type Define, examples, type Options, whole } from './define.ts'

export function defineStreams(program: Command, { screen, action }: Define): void {
  const streams = program
    .command('streams')
    .summary('named durable streams: list, create, append, read, tail, close, delete')
    .description('Lists named durable streams, and works with them.')
  streams
    .command('list', { isDefault: true })
    .summary('those that there are, newest first')
    .description('Lists the streams that there are, newest first.')
    .option('--tenant <tenant>', 'only of this tenant')
    .option('-n, --limit <count>', 'at most so many', whole, 50)
    .option('--after <cursor>', 'the page after another one')
    .addHelpText('after', examples('streams', 'streams list --tenant acme --json'))
    .action(action((options: Options) => listStreams(screen, options)))
  const one = (name: string, summary: string): Command =>
    streams
      .command(name)
      .summary(summary)
      .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`)
      .argument('<name>', 'its name, like chat/42')
      .option('--tenant <tenant>', 'whose stream')

  one('create', 'make a stream, or see that it is there')
    .option('--type <type>', 'media type; application/json')
    .option('--ttl <duration>', 'gone when it was not used for so long, like 7d')
    .option('--subject <subject>', 'whom it is about: erased with them')
    .option('--from <stream>', 'a fork of this stream: begins with what that one has')
    .option('--offset <offset>', 'and only with what is before this offset of it')
    .addHelpText('after', examples('streams create chat/42 --ttl 7d', 'streams create retry --from chat/42'))
    .action(action((name: string, options: Options) => createStream(screen, name, options)))
  one('show', 'show how a stream stands, and the digest of a closed one')
    .addHelpText('after', examples('streams show chat/42', 'streams show chat/42 --json'))
    .action(action((name: string, options: Options) => showStream(screen, name, options)))
  one('append', 'append a message, or a text')
    .argument('[value]', 'JSON of a stream of JSON (or a text where it is none), a text of others')
    .option('--stdin', 'what comes on stdin instead: of a stream of JSON each line is a message')
    .option('--close', 'and close it')
    .addHelpText(
      'after',
      examples(`streams append chat/42 '{"say": "hello"}'`, 'tail -f log | spanwise streams append log --stdin'),
    )
    .action(
      action((name: string, value: string | undefined, options: Options) => appendStream(screen, name, value, options)),
    )
  one('read', 'print what is in a stream')
    .option('--offset <offset>', 'from there on')
    .addHelpText('after', examples('streams read chat/42'))
    .action(action((name: string, options: Options) => readStream(screen, name, options)))
  one('tail', 'print what is in a stream and what comes, until it is closed')
    .option('--offset <offset>', 'from there on; `now` for what comes only')
    .addHelpText('after', examples('streams tail chat/42', 'streams tail chat/42 --offset now'))
    .action(action((name: string, options: Options) => tailStream(screen, name, options)))
  one('close', 'close a stream for ever; its digest is sealed')
    .addHelpText('after', examples('streams close chat/42'))
    .action(action((name: string, options: Options) => closeStream(screen, name, options)))
  one('delete', 'delete a stream and what is in it')
    .addHelpText('after', examples('streams delete chat/42'))
    .action(action((name: string, options: Options) => deleteStream(screen, name, options)))
  for (const command of streams.commands) command.exitOverride()
}
