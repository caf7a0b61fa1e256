import { readFileSync } from 'node:fs'
import { glob } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const source = fileURLToPath(new URL('../packages/spanwise/src/', import.meta.url))
const page = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8')

/** Quoted names that look like codes of ours and are not. */
const others = /^(SPANWISE_|ERR_|UND_ERR_|SQLITE_|MODULE_NOT_FOUND$)/

/** A quoted NAME_WITH_UNDERSCORES, or a quoted NAME that a `code` is set to. */
function codesIn(text: string): string[] {
  const joined = [...text.matchAll(/(?<!env\[)'([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)'/g)]
  const single = [...text.matchAll(/\bcode\s*[:=]\s*'([A-Z][A-Z0-9]*)'/g)]
  return [...joined, ...single].map((match) => match[1] as string).filter((name) => !others.test(name))
}

async function codesInSource(): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  for await (const file of glob('**/*.ts', { cwd: source })) {
    if (/\.(test|test-d|testsuite)\.ts$|fixtures\//.test(file)) continue
    for (const code of codesIn(readFileSync(source + file, 'utf8'))) found.set(code, file)
  }
  return found
}

const headings = [...page.matchAll(/^### (.+)$/gm)].map((match) => match[1] as string)

describe('docs/errors.md', () => {
  it('has a heading for every error code in the source', async () => {
    const missing = [...(await codesInSource())].filter(([code]) => !headings.includes(code))
    expect(missing.map(([code, file]) => `${code} (${file})`)).toEqual([])
  })

  it('has no heading without a code', async () => {
    const codes = await codesInSource()
    expect(headings.filter((heading) => !codes.has(heading))).toEqual([])
  })

  it('has each heading once, so that an error’s link leads to it', () => {
    expect(headings.filter((heading, at) => headings.indexOf(heading) !== at)).toEqual([])
    expect(headings.filter((heading) => !/^[A-Z0-9_]+$/.test(heading))).toEqual([])
  })

  it('says of each code what happened, why, and what to do', () => {
    const sections = page.split(/^### /m).slice(1)
    const incomplete = sections.filter(
      (text) => !/^- What: /m.test(text) || !/^- Why: /m.test(text) || !/^- Do: /m.test(text),
    )
    expect(incomplete.map((text) => text.split('\n')[0])).toEqual([])
  })
})
