import { execFileSync, spawn } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Database {
  readonly url: string
  stop(): Promise<void>
}

/**
 * A Postgres server with its defaults and an empty cluster on the disk that is measured; undefined where none is installed.
 * `BENCH_POSTGRES` (an URL without a database) names one that runs.
 */
export async function postgres(dir: string, port: number): Promise<Database | undefined> {
  const given = process.env['BENCH_POSTGRES']
  if (given !== undefined) return { url: given, stop: async () => {} }
  const bin = binaries()
  if (bin === undefined) return undefined
  const data = join(dir, 'postgres')
  mkdirSync(data)
  // it refuses to be root
  const who = process.getuid?.() === 0 ? owner() : undefined
  if (who !== undefined) {
    chownSync(dir, who.uid, who.gid)
    chownSync(data, who.uid, who.gid)
  }
  const settings = { ...who, cwd: data, stdio: 'ignore' } as const
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust'], settings)
  const server = spawn(join(bin, 'postgres'), ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', ''], settings)
  const url = `postgresql://postgres@127.0.0.1:${port}`
  for (let i = 0; ; i++) {
    try {
      execFileSync(join(bin, 'psql'), ['-c', 'SELECT 1', `${url}/postgres`], { stdio: 'ignore' })
      break
    } catch (error) {
      if (i > 100 || server.exitCode !== null) throw error
      await sleep(100)
    }
  }
  return {
    url,
    async stop() {
      const gone = new Promise((resolve) => server.once('exit', resolve))
      server.kill('SIGINT')
      await gone
    },
  }
}

function binaries(): string | undefined {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian).toSorted().toReversed() : []
  const places = [...versions.map((one) => join(debian, one, 'bin')), ...(process.env['PATH'] ?? '').split(':')]
  return places.find((place) => existsSync(join(place, 'initdb')) && existsSync(join(place, 'postgres')))
}

function owner(): { readonly uid: number; readonly gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}
