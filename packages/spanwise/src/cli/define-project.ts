import { type Command, Option } from 'commander'
import { develop } from './commands/dev.ts'
import { init } from './commands/init.ts'
import { collect, type Define, examples, type Options, whole } from './define.ts'
import { templates } from './templates/index.ts'

/** What one does while a project is made. */
export function defineProject(program: Command, { screen, action }: Define): void {
  program
    .command('init')
    .summary('make a project, or add to one')
    .description(
      'Makes a project with a workflow, its test and a config, or adds them to the one that there is. Asks at most three questions, and none where it is said or nobody can answer. Never writes over a file; package.json and .gitignore are added to.',
    )
    .argument('[folder]', 'where; this folder by default')
    .addOption(
      new Option('-t, --template <name>', 'what to begin with').choices(templates.map((template) => template.name)),
    )
    .option('--js', 'JavaScript')
    .addOption(new Option('--ts', 'TypeScript, the default').implies({ js: false }))
    .option('--package <spec>', 'where the package spanwise comes from: a version, a folder or a tarball')
    .option('--no-install', 'leaves installing to you')
    .addHelpText(
      'after',
      examples(
        'init',
        'init shop --template approve --ts',
        'init --template batch --js --package ./spanwise-0.1.0.tgz',
      ),
    )
    .action(action((folder: string | undefined, options: Options) => init(screen, folder, options)))
  program
    .command('dev')
    .summary('work on the store, and again whenever the code changes')
    .description(
      'Works on the store and shows runs as they go. When a source file changes, the new code takes over; if it does not load, the code before goes on. Unfinished runs go on over every change.',
    )
    .option('--watch <folder>', 'another folder than the config’s to watch; may be repeated', collect)
    .option('-p, --port <port>', 'where API and studio are served; 4747 or the next free one', whole)
    .option('--no-serve', 'nothing listens')
    .option('--no-open', 'opens no browser; it opens none in CI, over ssh, or without a screen')
    .addOption(new Option('--browse').hideHelp())
    .addOption(new Option('--under <pid>').argParser(Number).hideHelp())
    .addHelpText('after', examples('dev', 'dev --watch ../shared/src'))
    .action(action((options: Options) => develop(screen, options)))
}
