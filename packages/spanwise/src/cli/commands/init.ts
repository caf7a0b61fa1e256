import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { version } from '../../app/index.ts'
import { SpanwiseError } from '../../journal/index.ts'
import { ask } from '../ask.ts'
import { facts, heading, section } from '../output/blocks.ts'
import { filesOf } from '../templates/files.ts'
import { templates } from '../templates/index.ts'
import type { Template } from '../templates/template.ts'
import type { Terminal } from '../terminal.ts'
import { exitCode, usage } from '../usage.ts'

export interface InitOptions {
  readonly template?: string
  readonly js?: boolean
  readonly package?: string
  readonly install: boolean
  readonly json?: boolean
}

/** Makes a project, or adds to one; asks for what is not said, where somebody can answer. Never writes over a file. */
export async function init(terminal: Terminal, folder: string | undefined, options: InitOptions): Promise<number> {
  const answers = await ask(terminal, {
    folder,
    template: options.template,
    isTypeScript: options.js === undefined ? undefined : !options.js,
  })
  if (answers === undefined) {
    terminal.note('nothing was made')
    return exitCode.interrupted
  }
  const { template, isTypeScript } = answers
  const root = resolve(answers.folder)
  const manifest = readManifest(root)
  // in a project that is CommonJS, the ending says that these files are not
  const isModule = manifest === undefined || manifest['type'] === 'module'
  const extension = `${isModule ? '' : 'm'}${isTypeScript ? 'ts' : 'js'}`
  const files = new Map(Object.entries(filesOf(templateNamed(template), { extension, isTypeScript })))
  if (existsSync(join(root, 'tsconfig.json'))) files.delete('tsconfig.json')
  refuseExisting(root, [...files.keys()])

  const merged = mergeManifest(manifest ?? {}, root, extension, isTypeScript, specOf(root, options.package))
  files.set('package.json', `${JSON.stringify(merged, undefined, 2)}\n`)
  files.set('.gitignore', ignoring(root))
  for (const [name, text] of files) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  if (options.install && !(await install(terminal, root))) return exitCode.failed
  say(terminal, root, [...files.keys()], templateNamed(template), options.install)
  return exitCode.ok
}

function templateNamed(name: string): Template {
  const found = templates.find((template) => template.name === name)
  if (found !== undefined) return found
  throw usage(`There is no template "${name}".`, `There are: ${templates.map((one) => one.name).join(', ')}.`)
}

type Manifest = Readonly<Record<string, unknown>>

function readManifest(root: string): Manifest | undefined {
  const file = join(root, 'package.json')
  if (!existsSync(file)) return undefined
  try {
    return JSON.parse(readFileSync(file, 'utf8').replace(/^\uFEFF/, '')) as Manifest
  } catch (error) {
    throw usage(`${file} is not JSON: ${(error as Error).message}`, 'Mend it first: it is added to.')
  }
}

function refuseExisting(root: string, names: readonly string[]): void {
  const configs = ['ts', 'mts', 'js', 'mjs'].map((ending) => `spanwise.config.${ending}`)
  const there = [...new Set([...configs, ...names])].filter((name) => existsSync(join(root, name)))
  if (there.length === 0) return
  throw new SpanwiseError({
    code: 'INIT_EXISTS',
    message: `${there.join(', ')} ${there.length === 1 ? 'is' : 'are'} in ${root} already; nothing was written.`,
    hint: 'Choose another folder or template, or move what is there.',
  })
}

/** What the project has stays as it is. */
function mergeManifest(
  before: Manifest,
  root: string,
  extension: string,
  isTypeScript: boolean,
  spec: string,
): Manifest {
  const own = (name: string): Readonly<Record<string, string>> =>
    (before[name] ?? {}) as Readonly<Record<string, string>>
  const isNew = Object.keys(before).length === 0
  const tests = `node --test "workflows/*.test.${extension}"`
  return {
    ...(isNew ? { name: packageName(root), private: true, type: 'module' } : {}),
    ...before,
    scripts: { dev: 'spanwise dev', start: 'spanwise start', ...(isNew ? { test: tests } : {}), ...own('scripts') },
    dependencies: { spanwise: spec, zod: '^4.6.0', ...own('dependencies') },
    ...(isTypeScript
      ? { devDependencies: { '@types/node': '^24.0.0', typescript: '>=5.9', ...own('devDependencies') } }
      : {}),
  }
}

/** A folder or a tarball is named from here, and written down as seen from the project. */
function specOf(root: string, given: string | undefined): string {
  if (given === undefined) return `^${version()}`
  const isPath = /^\.{0,2}[\\/]|\.tgz$|^[A-Za-z]:[\\/]/.test(given) && !/^[a-z]+:\/\//.test(given)
  if (!isPath) return given
  if (!existsSync(given)) throw usage(`There is no ${resolve(given)}.`, 'Check the path after --package.')
  return `file:${relative(root, resolve(given)).replaceAll('\\', '/')}`
}

function packageName(root: string): string {
  const name = basename(root)
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '')
  return name === '' ? 'workflows' : name
}

/** the store and what lies beside it */
function ignoring(root: string): string {
  const file = join(root, '.gitignore')
  const before = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const has = new Set(before.split(/\r?\n/).map((line) => line.trim().replace(/^\/|\/$/g, '')))
  const missing = ['node_modules', 'data'].filter((name) => !has.has(name))
  const gap = before === '' || before.endsWith('\n') ? '' : '\n'
  return `${before}${gap}${missing.map((name) => `${name}/\n`).join('')}`
}

/** With the manager that the project uses, else the one that started us. */
function managerOf(root: string): string {
  const locks = {
    'pnpm-lock.yaml': 'pnpm',
    'yarn.lock': 'yarn',
    'bun.lock': 'bun',
    'package-lock.json': 'npm',
  } as const
  for (const [lock, manager] of Object.entries(locks)) if (existsSync(join(root, lock))) return manager
  return /^(npm|pnpm|yarn|bun)\//.exec(process.env['npm_config_user_agent'] ?? '')?.[1] ?? 'npm'
}

async function install(terminal: Terminal, root: string): Promise<boolean> {
  const manager = managerOf(root)
  terminal.note(terminal.paint('dim', `${manager} install`, 'note'))
  // what it prints is about getting there: stdout is for the result
  const child = spawn(manager, ['install'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  const why = await Promise.race([
    once(child, 'exit').then(([code]) => (code === 0 ? undefined : `ended with ${code}`)),
    once(child, 'error').then(([error]) => (error as Error).message),
  ])
  if (why === undefined) return true
  terminal.note(`${manager} install: ${why}. The files are written; install in ${root}, then it works.`)
  return false
}

function say(terminal: Terminal, root: string, files: readonly string[], template: Template, installed: boolean): void {
  if (terminal.json) return terminal.data({ folder: root, files })
  heading(terminal, root)
  facts(terminal, [['wrote', files.join(', ')]])
  const folder = relative(process.cwd(), root)
  section(terminal, 'next', [
    ...(folder === '' ? [] : [`cd ${folder}`]),
    ...(installed ? [] : [`${managerOf(root)} install`]),
    `npx spanwise run ${template.run}`,
    'npx spanwise dev',
  ])
}
