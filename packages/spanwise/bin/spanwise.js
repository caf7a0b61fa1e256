#!/usr/bin/env node
// Committed as plain JavaScript that any Node can parse: npm links a bin only if its file exists at install time, and
// an old Node has to be told so in words instead of by a syntax error inside dist.
import { existsSync } from 'node:fs'

const wanted = 24
const main = new URL('../dist/cli/main.js', import.meta.url)

if (Number.parseInt(process.versions.node, 10) < wanted) {
  fail(
    `spanwise needs Node ${wanted} or newer; this is Node ${process.versions.node} (${process.execPath}).`,
    `Install Node ${wanted}, or start spanwise by npx or an npm script in a project that has Node ${wanted} in its node_modules.`,
  )
} else if (!existsSync(main)) {
  fail('spanwise is not built: dist/cli/main.js is missing.', 'In a clone of the repository, run: npm run build')
} else {
  await import(main.href)
}

function fail(what, todo) {
  process.stderr.write(`${what}\n${todo}\n`)
  process.exitCode = 1
}
