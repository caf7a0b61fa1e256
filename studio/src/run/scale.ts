/** A span of time in which something works, ms since the epoch. */
export interface Span {
  readonly from: number
  readonly to: number
}

export interface Scale {
  /** 0 to 1 */
  at(time: number): number
  /** where waiting was made shorter than it is, 0 to 1, with how long it really is in ms */
  readonly gaps: readonly { readonly at: number; readonly ms: number }[]
}

/** ms; shorter waits are shortened without a word */
const worthSaying = 250

/**
 * Time to place. Spans of work keep their proportions; waiting between them, in which nothing happens, takes a small part of the width
 * however long it is.
 */
export function makeScale(spans: readonly Span[], from: number, to: number, compress: boolean): Scale {
  const end = Math.max(to, from + 1)
  const busy = merge(spans.filter((span) => span.to >= from && span.from <= end))
  const pieces = cut(busy, from, end)
  const work = pieces.reduce((sum, { ms, isWait }) => (isWait ? sum : sum + ms), 0)
  // nothing but waiting has nothing to be compared with
  const longest = compress && work > 0 ? work * 0.06 : Number.POSITIVE_INFINITY
  let width = 0
  const placed = pieces.map((piece) => {
    const shown = piece.isWait ? Math.min(piece.ms, longest) : piece.ms
    const made = { ...piece, shown, x: width }
    width += shown
    return made
  })
  const at = (time: number): number => {
    const clamped = Math.min(Math.max(time, from), end)
    const piece = placed.findLast(({ from: begin }) => begin <= clamped) ?? placed[0]
    if (piece === undefined || width === 0) return 0
    const share = piece.ms === 0 ? 0 : (clamped - piece.from) / piece.ms
    return (piece.x + Math.min(share, 1) * piece.shown) / width
  }
  const gaps = placed
    .filter(({ shown, ms }) => shown < ms / 2 && ms >= worthSaying)
    .map(({ x, shown, ms }) => ({ at: (x + shown / 2) / width, ms }))
  return { at, gaps }
}

function merge(spans: readonly Span[]): readonly Span[] {
  const merged: { from: number; to: number }[] = []
  for (const { from, to } of [...spans].sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1)
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to)
    else merged.push({ from, to })
  }
  return merged
}

interface Piece {
  readonly from: number
  readonly ms: number
  readonly isWait: boolean
}

function cut(busy: readonly Span[], from: number, to: number): readonly Piece[] {
  const pieces: Piece[] = []
  let at = from
  for (const span of busy) {
    const begin = Math.max(span.from, from)
    if (begin > at) pieces.push({ from: at, ms: begin - at, isWait: true })
    const end = Math.min(Math.max(span.to, begin), to)
    if (end > begin) pieces.push({ from: begin, ms: end - begin, isWait: false })
    at = Math.max(at, end)
  }
  if (to > at) pieces.push({ from: at, ms: to - at, isWait: true })
  return pieces
}
