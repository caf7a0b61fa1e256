import { closeSync, openSync, readSync } from 'node:fs'
import { SpanwiseError } from '../error.ts'
import { damaged, lines } from './format.ts'

/** One run's frame. @throws ARCHIVE_MISSING, ARCHIVE_DAMAGED */
export function readFrame(path: string, offset: number, length: number): readonly Record<string, unknown>[] {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (cause) {
    throw new SpanwiseError({
      code: 'ARCHIVE_MISSING',
      message: `The archive ${path} is not there.`,
      hint: 'Archives stand in the folder beside the store: put the file back where it was.',
      cause,
    })
  }
  try {
    const bytes = Buffer.allocUnsafe(length)
    if (readSync(file, bytes, 0, length, offset) < length) throw new RangeError('it is too short')
    return lines(bytes)
  } catch (cause) {
    throw damaged(path, cause)
  } finally {
    closeSync(file)
  }
}
