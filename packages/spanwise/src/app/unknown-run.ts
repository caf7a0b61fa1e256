import { SpanwiseError } from '../journal/index.ts'

export function unknownRun(id: string): SpanwiseError {
  return new SpanwiseError({
    code: 'RUN_UNKNOWN',
    message: `There is no run ${id} in this store.`,
    hint: 'Check the id and the store: spanwise runs lists what is there.',
    run: id,
  })
}
