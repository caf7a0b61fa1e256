import { spawn } from 'node:child_process'

/** Whether a browser is any use here: somebody sits at this terminal, on a machine with a screen. */
export function canBrowse(env: NodeJS.ProcessEnv, isTerminal: boolean, platform: NodeJS.Platform): boolean {
  // every service that runs programs for others sets CI; BROWSER=none is what other tools go by
  if (!isTerminal || (env['CI'] ?? '') !== '' || env['BROWSER'] === 'none') return false
  if (env['SSH_CONNECTION'] !== undefined) return false
  return platform !== 'linux' || env['DISPLAY'] !== undefined || env['WAYLAND_DISPLAY'] !== undefined
}

/** Opens an address in the browser of whoever sits here. It is a courtesy: where that does not work, nothing is said. */
export function browse(url: string, env: NodeJS.ProcessEnv = process.env): void {
  const [program, ...args] = openerOf(env, process.platform)
  const child = spawn(program, [...args, url], { stdio: 'ignore', detached: true })
  // there may be no such program
  child.on('error', () => {})
  child.unref()
}

export function openerOf(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): readonly [string, ...string[]] {
  const own = env['BROWSER'] ?? ''
  if (own !== '') return [own]
  if (platform === 'darwin') return ['open']
  return platform === 'win32' ? ['cmd', '/c', 'start', ''] : ['xdg-open']
}
