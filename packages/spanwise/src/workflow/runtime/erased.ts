import { type Entry, SpanwiseError } from '../../journal/index.ts'

/** Codec text of an entry that always has some. @throws ERASED */
export function contentOf(entry: Pick<Entry, 'payload'> & Partial<Pick<Entry, 'run' | 'index'>>): string {
  if (entry.payload !== undefined) return entry.payload
  throw erasedContent(entry)
}

export function erasedContent({ run, index }: Partial<Pick<Entry, 'run' | 'index'>>): SpanwiseError {
  return new SpanwiseError({
    code: 'ERASED',
    message: `What the run needs of its entry${index === undefined ? '' : ` ${index}`} was erased.`,
    hint: 'The run cannot go on: give it up, or fork it from before.',
    run,
  })
}
