import { SpanwiseError } from '../journal/index.ts'

/** Bytes, or a number with a unit: `'512MB'`, `'1.5GB'`, `'2GiB'`. */
export type Size = number | `${number}${'MB' | 'GB' | 'MiB' | 'GiB'}`

const units = { MB: 1e6, GB: 1e9, MiB: 2 ** 20, GiB: 2 ** 30 } as const

/** Bytes of a size. @throws INVALID_OPTION when it is none */
export function bytes(size: Size, what: string): number {
  const value = typeof size === 'number' ? size : fromText(size)
  if (value !== undefined && Number.isFinite(value) && value > 0) return value
  throw new SpanwiseError({
    code: 'INVALID_OPTION',
    message: `${what} ${JSON.stringify(size)} is not a size.`,
    hint: "Use bytes or a number with a unit: '512MB', '1.5GB', '2GiB'.",
  })
}

function fromText(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(MB|GB|MiB|GiB)$/.exec(text)
  return match === null ? undefined : Number(match[1]) * units[match[2] as keyof typeof units]
}
