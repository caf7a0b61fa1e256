import { SpanwiseError } from '../journal/index.ts'
import type { Document } from './types.ts'

/** As it is recorded: nothing but its three texts. @throws INVALID_INPUT */
export function readDocument(given: Document, step: string): Document {
  const { id, version, hash } = (given ?? {}) as { readonly [Name in keyof Document]?: unknown }
  const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
  if (!isText(id) || [version, hash].some((one) => one !== undefined && !isText(one)))
    throw new SpanwiseError({
      code: 'INVALID_INPUT',
      message: `Step "${step}" cited something that is no document.`,
      hint: 'Give it an id, and a version and a hash where it has them: context.cite({ id: "policy", version: "3" }).',
      step,
    })
  return { id, ...(isText(version) ? { version } : {}), ...(isText(hash) ? { hash } : {}) }
}
