import { SpanwiseError } from '../journal/index.ts'
import { placesOf, type Template, template, type Variable } from './template.ts'

const types: ReadonlySet<string> = new Set<Variable['type']>(['string', 'number', 'boolean'])
const keys: ReadonlySet<string> = new Set(['version', 'description', 'variables'])

/**
 * A prompt as it stands in a file: plain text, or with front matter between two lines of `---`, of which a small part of YAML is
 * understood: `version`, `description`, and `variables` with a type each.
 * @throws PROMPT_INVALID with the line
 */
export function readPrompt(id: string, file: string, content: string): Template {
  // the same text has the same hash on every machine
  const lines = content
    .replace(/^\uFEFF/, '')
    .replaceAll('\r\n', '\n')
    .split('\n')
  const wrong = (line: number, what: string, hint: string): SpanwiseError =>
    new SpanwiseError({ code: 'PROMPT_INVALID', message: `${file}:${line + 1}: ${what}`, hint })
  let version: string | undefined
  let variables: Map<string, Variable> | undefined
  let begin = 0
  if (lines[0]?.trimEnd() === '---') {
    const end = lines.findIndex((line, at) => at > 0 && line.trimEnd() === '---')
    if (end < 0) throw wrong(0, 'the front matter has no end.', 'Close it with a line of ---.')
    begin = end + 1
    let inVariables = false
    for (const [at, line] of lines.slice(0, end).entries()) {
      if (at === 0 || /^\s*(#.*)?$/.test(line)) continue
      const [, indent = '', key = '', rest = ''] = /^(\s*)([^\s:]+):(?:\s+(.*?))?\s*$/.exec(line) ?? []
      if (key === '') throw wrong(at, `${JSON.stringify(line)} is not understood.`, 'Write name: value.')
      const value = rest.replace(/^(["'])(.*)\1$/, '$2')
      if (indent !== '') {
        if (!inVariables || variables === undefined)
          throw wrong(at, 'only variables has lines below it.', 'Begin the line without blanks.')
        if (variables.has(key)) throw wrong(at, `"${key}" is declared twice.`, 'Take one of them away.')
        const type = value.replace(/\?$/, '')
        if (!types.has(type))
          throw wrong(at, `"${value}" is no type.`, 'There are string, number and boolean; with a ? it may be missing.')
        variables.set(key, { type: type as Variable['type'], optional: value.endsWith('?') })
        continue
      }
      if (!keys.has(key)) throw wrong(at, `there is no "${key}".`, `There are: ${[...keys].join(', ')}.`)
      inVariables = key === 'variables'
      if (inVariables && value !== '')
        throw wrong(at, 'variables stand below it.', 'Write each on a line: name: string.')
      if (inVariables) variables = new Map()
      if (key === 'version') {
        if (value === '') throw wrong(at, 'the version is empty.', 'Leave it out: the hash is the version then.')
        version = value
      }
    }
  }
  const text = lines.slice(begin).join('\n').trim()
  if (text === '') throw wrong(lines.length - 1, 'there is no text.', 'Write the prompt.')
  const lineOf = (name: string): number => {
    const at = lines.findIndex((line, n) => n >= begin && placesOf(line).includes(name))
    return Math.max(at, 0)
  }
  const used = placesOf(text)
  const odd = used.find((name) => !/^[\w.-]+$/.test(name))
  if (odd !== undefined)
    throw wrong(lineOf(odd), `{{${odd}}} is no name of a variable.`, 'Use letters, digits, _ . and -, like {{mail}}.')
  if (variables === undefined) return template(id, text, version)
  const missing = used.find((name) => !variables.has(name))
  if (missing !== undefined)
    throw wrong(lineOf(missing), `{{${missing}}} is not declared.`, `Add it to variables: ${missing}: string.`)
  const unused = [...variables.keys()].find((name) => !used.includes(name))
  if (unused !== undefined) {
    const at = lines.findIndex((line) => line.trim().startsWith(`${unused}:`))
    throw wrong(at, `"${unused}" is declared and not used.`, `Write {{${unused}}} where it belongs, or take it away.`)
  }
  return template(id, text, version, variables)
}
