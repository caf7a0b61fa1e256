import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { SpanwiseError } from '../../journal/index.ts'
import { zip } from './zip.ts'

/**
 * Puts files into a new folder, or into one zip file where the name ends so. It has its name when it is whole and on disk: an export
 * that was interrupted leaves nothing by that name, and what it left is taken away by the next one.
 * @throws EXPORT_EXISTS
 */
export function writeExport(out: string, files: ReadonlyMap<string, string>): void {
  const path = resolve(out)
  if (existsSync(path)) throw exists(out)
  const part = `${path}.part`
  rmSync(part, { recursive: true, force: true })
  mkdirSync(dirname(path), { recursive: true })
  try {
    if (path.endsWith('.zip')) writeFile(part, zip(files))
    else {
      mkdirSync(part)
      for (const [name, text] of files) {
        mkdirSync(dirname(join(part, name)), { recursive: true })
        writeFile(join(part, name), Buffer.from(text))
      }
    }
    if (existsSync(path)) throw exists(out)
    renameSync(part, path)
  } catch (error) {
    rmSync(part, { recursive: true, force: true })
    throw error
  }
}

/** Only whoever exports may read it: it holds what people said. */
function writeFile(file: string, bytes: Uint8Array): void {
  const fd = openSync(file, 'wx', 0o600)
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

function exists(out: string): SpanwiseError {
  return new SpanwiseError({
    code: 'EXPORT_EXISTS',
    message: `There is a file or folder ${out} already.`,
    hint: 'Choose a new name with --out: an export never writes over another one.',
  })
}
