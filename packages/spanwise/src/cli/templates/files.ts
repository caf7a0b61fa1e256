import type { Template } from './template.ts'

export interface Layout {
  /** extension of code: ts, mts, js or mjs */
  readonly extension: string
  readonly isTypeScript: boolean
}

/** The files of a project, by path. */
export function filesOf(template: Template, { extension, isTypeScript }: Layout): Readonly<Record<string, string>> {
  const { workflow } = template
  const file = `workflows/${workflow}.${extension}`
  return {
    [`spanwise.config.${extension}`]: `import { defineConfig } from 'spanwise'
import { ${workflow} } from './${file}'

// it only describes: the command line and your own program open it
export default defineConfig({ store: 'sqlite:./data/spanwise.db', workflows: [${workflow}] })
`,
    [file]: template.code,
    [`workflows/${workflow}.test.${extension}`]: `import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testApp } from 'spanwise/testing'
import { ${workflow} } from './${workflow}.${extension}'

${template.test}
`,
    ...(isTypeScript ? { 'tsconfig.json': tsconfig } : {}),
  }
}

const tsconfig = `${JSON.stringify(
  {
    compilerOptions: {
      target: 'esnext',
      module: 'nodenext',
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      // Node strips types, it does not compile
      erasableSyntaxOnly: true,
      verbatimModuleSyntax: true,
      allowImportingTsExtensions: true,
      types: ['node'],
    },
  },
  undefined,
  2,
)}
`
