import { templates } from './templates/index.ts'
import type { Terminal } from './terminal.ts'

interface Answers {
  readonly folder: string
  readonly template: string
  readonly isTypeScript: boolean
}

/** At most three questions: none for what is said, none where nobody can answer. undefined when whoever is asked leaves. */
export async function ask(
  terminal: Terminal,
  said: { readonly [Name in keyof Answers]: Answers[Name] | undefined },
): Promise<Answers | undefined> {
  const { folder = '.', template = 'greet', isTypeScript = true } = said
  const canAsk = !terminal.json && process.stdin.isTTY === true && process.stdout.isTTY === true
  if (!canAsk) return { folder, template, isTypeScript }
  // only here: the rest of the command line does not wait for it
  const { isCancel, select, text } = await import('@clack/prompts')
  const where = said.folder ?? (await text({ message: 'Where?', placeholder: '. (this folder)', defaultValue: '.' }))
  if (isCancel(where)) return undefined
  const what =
    said.template ??
    (await select({
      message: 'What to begin with?',
      options: templates.map(({ name, says }) => ({ value: name, label: name, hint: says })),
    }))
  if (isCancel(what)) return undefined
  const language =
    said.isTypeScript ??
    (await select({
      message: 'In which language?',
      options: [
        { value: true, label: 'TypeScript', hint: 'Node strips the types: nothing is compiled' },
        { value: false, label: 'JavaScript' },
      ],
    }))
  if (isCancel(language)) return undefined
  return { folder: where, template: what, isTypeScript: language }
}
