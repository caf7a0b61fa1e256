/** Text that is put into a page as it is. */
export interface Html {
  readonly html: string
}

/** A template for HTML: what is filled in is escaped, unless it was made by this very function. */
export function html(parts: TemplateStringsArray, ...values: readonly unknown[]): Html {
  return { html: parts.map((part, n) => part + (n < values.length ? shown(values[n]) : '')).join('') }
}

function shown(value: unknown): string {
  if (value === undefined || value === null || value === false) return ''
  if (Array.isArray(value)) return value.map(shown).join('')
  if (typeof value === 'object' && 'html' in value) return String(value.html)
  return String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
