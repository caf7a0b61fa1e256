/** JSON with comments and trailing commas, as tsconfig.json is written. */
export function parseJsonc(text: string): unknown {
  let json = ''
  for (let at = 0; at < text.length; ) {
    const char = text[at] as string
    if (char === '"') {
      const end = stringEnd(text, at)
      json += text.slice(at, end)
      at = end
    } else if (text.startsWith('//', at)) {
      const end = text.indexOf('\n', at)
      at = end < 0 ? text.length : end
    } else if (text.startsWith('/*', at)) {
      const end = text.indexOf('*/', at + 2)
      at = end < 0 ? text.length : end + 2
    } else {
      if (char === '}' || char === ']') json = json.replace(/,\s*$/, '')
      json += char
      at++
    }
  }
  return JSON.parse(json.replace(/^\uFEFF/, ''))
}

function stringEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '"') return at + 1
  }
  return text.length
}
