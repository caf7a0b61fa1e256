/** Lines of at most `width` characters, broken at spaces where there are some. Line breaks in the text stay. */
export function wrap(text: string, width: number): string[] {
  return text.split('\n').flatMap((paragraph) => {
    const lines: string[] = []
    let rest = paragraph.trimEnd()
    const indent = /^\s*/.exec(rest)?.[0] ?? ''
    while (rest.length > width) {
      const space = rest.lastIndexOf(' ', width)
      const at = space > indent.length ? space : width
      lines.push(rest.slice(0, at).trimEnd())
      rest = indent + rest.slice(at).trimStart()
    }
    lines.push(rest)
    return lines
  })
}

/** `1 run`, `2 runs` */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}
