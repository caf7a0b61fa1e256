const mostShown = 4

/** `[3–7]`, `[3, 5]`, `[3, 5, 8, … 12 more]` */
export function entriesText(all: readonly number[]): string {
  const [first, last] = [all[0], all.at(-1)]
  if (first === undefined || last === undefined) return ''
  if (all.length > 2 && last - first === all.length - 1) return `[${first}–${last}]`
  if (all.length <= mostShown) return `[${all.join(', ')}]`
  return `[${all.slice(0, mostShown - 1).join(', ')}, … ${all.length - mostShown + 1} more]`
}
