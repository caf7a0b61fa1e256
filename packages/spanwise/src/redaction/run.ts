/** Characters below 128, for looking at one after another: a pattern that repeats without bound runs out of stack in a long text. */
export type Characters = Uint8Array

export function characters(all: string): Characters {
  const table = new Uint8Array(128)
  for (const one of all) table[one.charCodeAt(0)] = 1
  return table
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
export const word = characters(`${letters}0123456789_-`)
export const base64 = characters(`${letters}0123456789+/`)
/** of RFC 6750 */
export const bearer = characters(`${letters}0123456789-._~+/=`)

/** Where a run of such characters that goes on at `from` ends. */
export function runEnd(text: string, from: number, of: Characters): number {
  let at = from
  while (at < text.length && of[text.charCodeAt(at)] === 1) at++
  return at
}
