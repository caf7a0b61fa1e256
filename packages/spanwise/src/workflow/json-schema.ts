interface Converter {
  readonly input?: (options: { readonly target: string }) => unknown
  readonly output?: (options: { readonly target: string }) => unknown
}

/** Of schemas that know the trait `jsonSchema` of Standard Schema; undefined for others, and where one cannot be said as JSON. */
export function jsonSchemaOf(schema: object | undefined, side: 'input' | 'output'): unknown {
  const trait = (schema as { readonly '~standard'?: { readonly jsonSchema?: Converter } } | undefined)?.['~standard']
  try {
    return trait?.jsonSchema?.[side]?.({ target: 'draft-2020-12' })
  } catch {
    // a date, a transform: it still validates, it only cannot be drawn as a form
    return undefined
  }
}
