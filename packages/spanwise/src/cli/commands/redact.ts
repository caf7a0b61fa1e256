import { readFileSync } from 'node:fs'
import { text as readAll } from 'node:stream/consumers'
import { Redactors, type RunEvent, type SpanwiseConfig } from '../../app/index.ts'
import type { Redactor } from '../../redaction/index.ts'
import { findRun } from '../find.ts'
import { type Common, client, project } from '../open.ts'
import { table } from '../output/table.ts'
import { plural } from '../output/text.ts'
import type { Terminal } from '../terminal.ts'
import { exitCode, usage } from '../usage.ts'

interface RedactOptions extends Common {
  readonly file?: readonly string[]
  readonly run?: string
  readonly text?: boolean
  readonly check?: boolean
}

/** What the rules find in one place; `at`: line and column, or an entry. */
interface Place {
  readonly in: string
  readonly at: string
  readonly kind: string
  readonly times: number
}

/** Tells what would be redacted, and changes nothing. */
export async function redact(terminal: Terminal, options: RedactOptions): Promise<number> {
  const { file, run, check, text } = options
  if (run !== undefined && (file !== undefined || text === true))
    throw usage('A run is looked at by itself.', 'Leave out --file and --text, or look at these without --run.')
  const { redact: rules, workflows } = await rulesOf(options)
  const redactors = new Redactors(rules, workflows)
  if (text === true) {
    const sources = await read(file)
    if (sources.length > 1)
      throw usage('One text is printed at a time.', 'Name one --file, or none for standard input.')
    const { text: clean, found } = redactors.app.text(sources[0]?.text ?? '')
    terminal.out(clean.replace(/\n$/, ''))
    return check === true && found !== '' ? exitCode.failed : exitCode.ok
  }
  const places = run === undefined ? inFiles(await read(file), redactors.app) : await inRun(run, options, redactors)
  if (terminal.json) terminal.data({ found: places.length, places })
  else tell(terminal, places)
  return check === true && places.length > 0 ? exitCode.failed : exitCode.ok
}

/** Texts can be looked at without a project: by the rules that hold where nothing is said. */
async function rulesOf(options: RedactOptions): Promise<Pick<SpanwiseConfig, 'redact' | 'workflows'>> {
  try {
    return await project(options)
  } catch (error) {
    if (options.config !== undefined || (error as { code?: unknown }).code !== 'CONFIG_NOT_FOUND') throw error
    return { workflows: [] }
  }
}

interface Source {
  readonly name: string
  readonly text: string
}

async function read(files: readonly string[] | undefined): Promise<readonly Source[]> {
  if (files === undefined) return [{ name: 'standard input', text: await readAll(process.stdin) }]
  return files.map((name) => {
    try {
      return { name, text: readFileSync(name, 'utf8') }
    } catch (error) {
      throw usage(`${name} cannot be read: ${(error as Error).message}`, 'Name a file: --file notes.txt')
    }
  })
}

function inFiles(sources: readonly Source[], redactor: Redactor): readonly Place[] {
  return sources.flatMap(({ name, text }) => {
    let line = 1
    let begins = 0
    return redactor.find(text).map(({ start, kind }) => {
      for (let next = text.indexOf('\n', begins); next >= 0 && next < start; next = text.indexOf('\n', begins)) {
        line++
        begins = next + 1
      }
      return { in: name, at: `${line}:${start - begins + 1}`, kind, times: 1 }
    })
  })
}

/** What the rules of its workflow would find now in what was written then. */
async function inRun(text: string, options: RedactOptions, redactors: Redactors): Promise<readonly Place[]> {
  return client(options, async (app) => {
    const run = await findRun(app, text)
    const { workflow } = await run.status()
    const redactor = redactors.of(workflow)
    const places: Place[] = []
    for await (const event of run.events()) places.push(...inEntry(event, redactor))
    return places
  })
}

function inEntry({ index, kind, payload }: RunEvent, redactor: Redactor): readonly Place[] {
  const { found } = redactor.value(payload)
  return [...found.matchAll(/([^,]+?) (\d+)(?:, |$)/g)].map(([, what = '', times]) => ({
    in: kind,
    at: String(index),
    kind: what,
    times: Number(times),
  }))
}

function tell(terminal: Terminal, places: readonly Place[]): void {
  if (places.length === 0) return terminal.out('Nothing was found that must not be written.')
  const lines = table(terminal, places, [
    { title: 'IN', cell: (one) => one.in, flexible: true },
    { title: 'AT', cell: (one) => one.at },
    { title: 'WHAT', cell: (one) => one.kind },
    { title: 'TIMES', cell: (one) => String(one.times), align: 'right' },
  ])
  for (const line of lines) terminal.out(line)
  terminal.note(`${plural(places.length, 'place')}; nothing was changed`)
}
