import { type Command, Option } from 'commander'
import type { GraphOptions } from './commands/graph.ts'
import { type Define, examples } from './define.ts'

export function defineGraph(program: Command, { screen, action }: Define): void {
  const what = 'a graph of the config, or a file with a definition (.yaml, .json)'
  const graph = program
    .command('graph')
    .summary('graphs: check them, look at them, draw them')
    .description('Checks, shows and draws graphs: those of the config, or files with definitions.')
  graph
    .command('check')
    .summary('wiring, expressions and types')
    .description(
      'Checks graphs: what leads nowhere or cannot be reached, cycles, joins, expressions against the state’s schema.',
    )
    .argument('[graphs...]', `${what}; all of the config by default`)
    .addHelpText('after', examples('graph check', 'graph check support.yaml'))
    .action(
      action(async (names: readonly string[], options: GraphOptions) =>
        (await load()).checkGraphs(screen, names, options),
      ),
    )
  graph
    .command('show')
    .summary('what a graph is made of')
    .description('Shows a graph as a tree; with --run, which way a run took through it.')
    .argument('<graph>', what)
    .option('--run <run>', 'marks what this run went through')
    .addHelpText('after', examples('graph show support', 'graph show support --run 3f2a'))
    .option('--definition', 'the graph as data (YAML, JSON with --json): code by name, CEL as text')
    .action(action(async (name: string, options: GraphOptions) => (await load()).showGraph(screen, name, options)))
  graph
    .command('render')
    .summary('a picture of a graph')
    .description('Draws a graph: as a tree for the terminal, a Mermaid flowchart or an SVG.')
    .argument('<graph>', what)
    .addOption(new Option('-f, --format <format>', 'what to draw').choices(['text', 'mermaid', 'svg']).default('text'))
    .option('-o, --output <file>', 'into this file')
    .option('--run <run>', 'marks what this run went through (text, svg)')
    .addHelpText(
      'after',
      examples('graph render support -f mermaid', 'graph render support.yaml -f svg -o support.svg'),
    )
    .action(action(async (name: string, options: GraphOptions) => (await load()).renderGraph(screen, name, options)))
  for (const command of graph.commands) command.exitOverride()
}

/** Only when it is asked for: definitions bring their libraries. */
function load(): Promise<typeof import('./commands/graph.ts')> {
  return import('./commands/graph.ts')
}
