import { encode } from '../journal/index.ts'

const longestError = 256 * 1024
const longestText = 16 * 1024

/** Whatever was thrown must be recordable: what drags too much along still has a name and a message. */
export function encodeError(error: unknown): string {
  try {
    const text = encode(error, 'error')
    if (text.length <= longestError) return text
  } catch {
    // said below with less
  }
  const { name, message, stack, code } = (error ?? {}) as { [field in 'name' | 'message' | 'stack' | 'code']?: unknown }
  const plain = new Error(String(message ?? error).slice(0, longestText))
  Object.defineProperty(plain, 'name', { value: typeof name === 'string' ? name : 'Error' })
  if (typeof code === 'string') Object.assign(plain, { code })
  if (typeof stack === 'string') plain.stack = stack.slice(0, longestText)
  return encode(plain, 'error')
}

export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : undefined
}
