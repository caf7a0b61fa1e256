/**
 * The elements of a JSON array as they were written: reading and writing them anew would change numbers that JavaScript has no room
 * for.
 * @param text valid JSON
 */
export function jsonMessages(text: string): readonly string[] {
  const whole = text.trim()
  return whole.startsWith('[') ? elements(whole.slice(1, -1)) : [whole]
}

/** What stands between commas that are in no string, array or object. */
export function elements(text: string): readonly string[] {
  const found: string[] = []
  let depth = 0
  let inString = false
  let from = 0
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at)
    if (inString) {
      if (char === backslash) at++
      else if (char === quote) inString = false
    } else if (char === quote) inString = true
    else if (char === open || char === openBrace) depth++
    else if (char === close || char === closeBrace) depth--
    else if (char === comma && depth === 0) {
      found.push(text.slice(from, at).trim())
      from = at + 1
    }
  }
  const last = text.slice(from).trim()
  return last === '' ? found : [...found, last]
}

const [quote, backslash, comma, open, close, openBrace, closeBrace] = [...'"\\,[]{}'].map((one) =>
  one.charCodeAt(0),
) as [number, number, number, number, number, number, number]
