/** elements whose content is never shown */
const hidden = new Set(['script', 'style', 'head', 'title', 'noscript', 'template'])
const breaks = /^\/?(?:p|div|br|tr|td|th|table|li|ul|ol|h[1-6]|hr|blockquote|pre|center|section|article)$/
const entities: Readonly<Record<string, string>> = {
  amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ', copy: '©', reg: '®', trade: '™',
  hellip: '…', mdash: '—', ndash: '–', lsquo: '‘', rsquo: '’', ldquo: '“', rdquo: '”', bull: '•', pound: '£', euro: '€', cent: '¢',
} // biome-ignore format: one table, not twenty lines

/**
 * What a reader would see of a piece of HTML, roughly. One pass from left to right, so that the mails that
 * spammers break on purpose (unclosed comments, tags and quotes) cost no more than others.
 */
export function htmlText(html: string): string {
  const lower = html.toLowerCase()
  const out: string[] = []
  const absent = new Set<string>()
  let at = 0
  // a mark that was missing once is missing for good: looking again would make broken mails quadratic
  const after = (text: string, mark: string, from: number, otherwise: number): number => {
    const found = absent.has(mark) ? -1 : text.indexOf(mark, from)
    if (found < 0) absent.add(mark)
    return found < 0 ? otherwise : found + mark.length
  }
  while (at < html.length) {
    const open = html.indexOf('<', at)
    if (open < 0) {
      out.push(html.slice(at))
      break
    }
    out.push(html.slice(at, open))
    if (lower.startsWith('<!--', open)) {
      // an unclosed comment hides nothing: broken mails would lose their whole text
      at = after(html, '-->', open + 2, open + 4)
      continue
    }
    const name = /^<(\/?[a-z][a-z0-9]*|[!?])/.exec(lower.slice(open, open + 24))?.[1]
    if (!name) {
      out.push('<')
      at = open + 1
      continue
    }
    if (breaks.test(name)) out.push('\n')
    at = after(html, '>', open, html.length)
    // the end tag itself is left for the next round; without one, nothing is hidden
    if (hidden.has(name)) at = after(lower, `</${name}`, at, at + name.length + 2) - name.length - 2
  }
  return tidy(decodeEntities(out.join('')))
}

function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));?/gi, (match, decimal, hex, name) => {
    if (name) return entities[name.toLowerCase()] ?? match
    const code = decimal ? Number.parseInt(decimal, 10) : Number.parseInt(hex, 16)
    return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : '\ufffd'
  })
}

function tidy(text: string): string {
  return text
    .replace(/[^\S\n]+/g, ' ')
    .replace(/ ?\n[ \n]*/g, '\n')
    .trim()
}
