/**
 * Whether two operations belong to different items of one `each`, or to different branches of one `parallel` or `race`: what goes on
 * in one of them is taken to have no part in the other.
 */
export function areSiblings(a: string, b: string): boolean {
  const [left, right] = [a.split('/'), b.split('/')]
  const at = left.findIndex((part, n) => part !== right[n])
  const [one, other] = [left[at], right[at]]
  if (at < 0 || one === undefined || other === undefined) return false
  const item = (part: string): string | undefined => /^(each#\d+)\[/.exec(part)?.[1]
  if (item(one) !== undefined) return item(one) === item(other)
  return at > 0 && /^(parallel|race)#\d+$/.test(left[at - 1] as string)
}
