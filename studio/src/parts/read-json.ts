export type ReadJson = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: string }

/** What somebody typed; an empty field is no value. */
export function readJson(text: string): ReadJson {
  if (text.trim() === '') return { ok: true, value: undefined }
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch (error) {
    return { ok: false, error: `This is not JSON: ${(error as Error).message}` }
  }
}
