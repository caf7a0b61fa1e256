import { join } from 'node:path'
import { isFile } from './tsconfig.ts'

const written: readonly (readonly [string, readonly string[]])[] = [
  ['.mjs', ['.mts']],
  ['.cjs', ['.cts']],
  ['.js', ['.ts']],
]
const endings = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs', '.json']

/** The file that TypeScript means by a path: as it is, `.js` for `.ts`, without its ending, or a folder's index. */
export function fileFor(path: string): string | undefined {
  if (isFile(path)) return path
  for (const [js, sources] of written) {
    if (!path.endsWith(js)) continue
    const found = sources.map((source) => path.slice(0, -js.length) + source).find(isFile)
    if (found !== undefined) return found
  }
  return (
    endings.map((ending) => path + ending).find(isFile) ??
    endings.map((ending) => join(path, `index${ending}`)).find(isFile)
  )
}
