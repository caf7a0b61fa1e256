/** RFC 4180. */
export function csvLine(cells: readonly (string | number | bigint)[]): string {
  return cells.map((cell) => quoted(String(cell))).join(',')
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Whole nano-dollars as dollars with nine digits behind the point: nothing is rounded. */
export function exactDollars(nano: bigint): string {
  const digits = String(nano < 0n ? -nano : nano).padStart(10, '0')
  return `${nano < 0n ? '-' : ''}${digits.slice(0, -9)}.${digits.slice(-9)}`
}
