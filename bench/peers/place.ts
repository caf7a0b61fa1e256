import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** where each product has a folder */
export const here = dirname(fileURLToPath(import.meta.url))

/** Its public packages, into its own folder, once. */
export function install(folder: string): void {
  if (!existsSync(join(folder, 'package.json')) || existsSync(join(folder, 'node_modules'))) return
  console.log(`npm install in ${folder}`)
  // addons that have to be compiled find the headers beside node
  const nodedir = dirname(dirname(process.execPath))
  const headers = existsSync(join(nodedir, 'include', 'node')) ? { npm_config_nodedir: nodedir } : {}
  try {
    execFileSync('npm', ['install', '--no-package-lock', '--omit=dev', '--no-workspaces'], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...headers },
    })
  } catch (error) {
    rmSync(join(folder, 'node_modules'), { recursive: true, force: true })
    throw new Error(`its packages cannot be installed here: ${String((error as { stderr?: Buffer }).stderr).trim()}`)
  }
}

export function versions(folder: string): object {
  const file = join(folder, 'package.json')
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')).dependencies
  return { spanwise: JSON.parse(readFileSync(join(here, '../../packages/spanwise/package.json'), 'utf8')).version }
}

export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) =>
          server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
        ),
    ),
  )
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
