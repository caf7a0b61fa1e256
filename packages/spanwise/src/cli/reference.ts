import type { Command } from 'commander'

/** The page of the docs that lists every command: made from the program itself, so that it cannot say anything else. */
export function reference(program: Command): string {
  const sections = program.commands.filter((one) => one.name() !== 'help').flatMap((one) => section(one, 'spanwise'))
  return [
    '# Command reference',
    '',
    'Made from the program by `npm run docs:cli`. [Command line](cli.md) tells how the commands belong together.',
    '',
    'These options go with every command:',
    '',
    ...optionTable(program),
    '',
    ...sections,
  ].join('\n')
}

function section(command: Command, parent: string): string[] {
  const name = `${parent} ${command.name()}`
  const parameters = command.registeredArguments
  const subcommands = command.commands.filter((one) => one.name() !== 'help')
  return [
    `## ${name}`,
    '',
    `\`\`\`\n${name} ${command.usage()}\n\`\`\``,
    '',
    sentence(command.description() || command.summary()),
    '',
    ...(parameters.length === 0
      ? []
      : [
          '| argument | |',
          '| --- | --- |',
          ...parameters.map(
            (one) => `| \`${one.required ? `<${one.name()}>` : `[${one.name()}]`}\` | ${cell(one.description)} |`,
          ),
          '',
        ]),
    ...(command.options.length === 0 ? [] : [...optionTable(command), '']),
    ...exampleBlock(command),
    ...subcommands.flatMap((one) => section(one, name)),
  ]
}

function optionTable(command: Command): string[] {
  const rows = command.options.map(({ flags, description, defaultValue }) => {
    const value = defaultValue === undefined ? '' : ` (default: ${JSON.stringify(defaultValue)})`
    return `| \`${flags}\` | ${cell(description + value)} |`
  })
  return ['| option | |', '| --- | --- |', ...rows]
}

/** What stands after the options in the help of a command. */
function exampleBlock(command: Command): string[] {
  let text = ''
  command
    .configureOutput({
      writeOut: (part) => {
        text += part
      },
    })
    .outputHelp()
  const at = text.indexOf('Examples:\n')
  if (at < 0) return []
  const lines = text.slice(at + 'Examples:\n'.length).split('\n')
  const shown = lines.filter((line) => line.startsWith('  $ ')).map((line) => line.slice(4))
  return ['```sh', ...shown, '```', '']
}

function sentence(text: string): string {
  const start = `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}`
  return cell(start.endsWith('.') ? start : `${start}.`)
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replace(/</g, '&lt;')
}
