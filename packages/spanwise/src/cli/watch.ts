import { type FSWatcher, readdirSync, watch } from 'node:fs'
import { join } from 'node:path'

/** code, and not what code may write: that would begin anew for ever */
const sources = /\.[cm]?[jt]sx?$|^\.env|^(?:package|tsconfig).*\.json$/
const left = /^(?:node_modules|dist|build|coverage|\..*)$/

/**
 * Calls back when a source file below a folder changes, appears or goes; once for what happens within a moment. Not below
 * node_modules, dist, build, coverage and folders that begin with a dot.
 */
export function watchSources(folders: readonly string[], changed: (file: string) => void): () => void {
  const watchers = new Map<string, FSWatcher>()
  let timer: NodeJS.Timeout | undefined

  /** whether there is a source in it that was not watched yet */
  const add = (folder: string): boolean => {
    if (watchers.has(folder)) return false
    let found = false
    try {
      const watcher = watch(folder, (_, name) => heard(folder, name ?? ''))
      // a folder that was removed is not watched any more
      watcher.on('error', () => drop(folder))
      watchers.set(folder, watcher)
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        if (!entry.isDirectory()) found ||= sources.test(entry.name)
        else if (!left.test(entry.name)) found = add(join(folder, entry.name)) || found
      }
    } catch {
      // gone in this moment, or no folder
      drop(folder)
    }
    return found
  }
  const drop = (folder: string): void => {
    watchers.get(folder)?.close()
    watchers.delete(folder)
  }
  const heard = (folder: string, name: string): void => {
    if (!sources.test(name)) {
      // perhaps a new folder, with files that nobody was told of
      if (name === '' || left.test(name) || name.includes('.') || !add(join(folder, name))) return
    }
    clearTimeout(timer)
    timer = setTimeout(() => changed(join(folder, name)), 120)
  }
  for (const folder of folders) add(folder)
  return () => {
    clearTimeout(timer)
    for (const folder of [...watchers.keys()]) drop(folder)
  }
}
