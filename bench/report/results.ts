import { existsSync, readFileSync } from 'node:fs'

export interface Machine {
  readonly node: string
  readonly os: string
  readonly cpu: string
  readonly cores: number
}

/** What `npm start -w bench -- --out` writes. */
export interface Core {
  readonly at: string
  readonly machine: Machine
  readonly figures: Readonly<Record<string, number>>
}

/** What `npm run peers -w bench -- --out` writes. */
export interface Peers {
  readonly at: string
  readonly machine: Machine
  readonly rounds: number
  readonly peers: Readonly<Record<string, PeerResult>>
}

export interface PeerResult {
  readonly title: string
  readonly durability: string
  readonly versions: Readonly<Record<string, string>>
  readonly figures: Readonly<Record<string, number>>
}

/** What `npm run http -w bench -- --out` writes. */
export interface Http {
  readonly at: string
  readonly machine: Machine
  readonly rounds: number
  readonly ratios: Readonly<Record<string, number>>
  readonly servers: Readonly<Record<string, Omit<PeerResult, 'durability'>>>
  readonly looks: Readonly<Record<string, number>>
}

/** What `npm run gateway -w bench -- --peer --out` writes. */
export interface Gateway {
  readonly at: string
  readonly machine: Machine
  readonly answers: string
  readonly turns: number
  /** of a bare writer on the same disk */
  readonly commitMs: number
  readonly doors: readonly { readonly title: string; readonly figures: Readonly<Record<string, number>> }[]
}

/** What was measured on a quiet machine, where it was. */
export function readIfThere<T>(name: string): T | undefined {
  return existsSync(fileOf(name)) ? read(name) : undefined
}

export function read<T>(name: string): T {
  return JSON.parse(readFileSync(fileOf(name), 'utf8')) as T
}

function fileOf(name: string): URL {
  return new URL(`../results/${name}.json`, import.meta.url)
}
