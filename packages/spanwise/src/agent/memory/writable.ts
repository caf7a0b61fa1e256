import { valueRefused } from '../../redaction/index.ts'
import { currentScope } from '../../workflow/index.ts'

/** What is remembered, before anything is made of it: a vector says what its text was about. */
export function writable<T>(value: T, what: string): T {
  const { redactor } = currentScope(what).execution
  if (redactor.values === 'keep') return value
  const { value: clean, found } = redactor.value(value)
  if (found !== '' && redactor.values === 'refuse') throw valueRefused(`What ${what} is given`, found)
  return clean as T
}
