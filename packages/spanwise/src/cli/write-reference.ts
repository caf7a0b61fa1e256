import { writeFileSync } from 'node:fs'
import { commandLine } from './program.ts'
import { reference } from './reference.ts'
import { terminal } from './terminal.ts'

// `npm run docs:cli`: only in a clone
writeFileSync(
  new URL('../../../../docs/cli-reference.md', import.meta.url),
  reference(commandLine(terminal(false), () => {})),
)
