import { readFileSync, writeFileSync } from 'node:fs'
import { picture } from './picture.ts'
import {
  type Core,
  type Gateway,
  type Http,
  type Machine,
  type PeerResult,
  type Peers,
  read,
  readIfThere,
} from './results.ts'

/**
 * Writes the figures of `bench/results` into `docs/benchmarks.md`, between the marks that are there, and draws its picture: no
 * figure in that page is typed by hand.
 */
const docs = new URL('../../docs/', import.meta.url)
const peers = read<Peers>('peers')
const core = read<Core>('core')
const http = readIfThere<Http>('http')
const gateway = read<Gateway>('gateway')

let page = readFileSync(new URL('benchmarks.md', docs), 'utf8')
for (const [name, text] of [
  ['peers', [measured(peers), '', ...peerTable(), '', ...versions(peers.peers)]],
  ['http', http === undefined ? ['Not measured on a quiet machine yet.'] : httpTable(http)],
  ['core', [measured(core), '', ...coreTable()]],
  ['gateway', [measured(gateway), '', ...gatewayTable()]],
] as const) {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const from = page.indexOf(start)
  const to = page.indexOf(end)
  if (from < 0 || to < from) throw new Error(`docs/benchmarks.md lacks ${start} … ${end}`)
  page = `${page.slice(0, from + start.length)}\n${text.join('\n')}\n${page.slice(to)}`
}
writeFileSync(new URL('benchmarks.md', docs), page)
writeFileSync(new URL('benchmarks.svg', docs), picture(Object.entries(peers.peers)))

function measured({ at, machine }: { readonly at: string; readonly machine: Machine }): string {
  return `Measured ${at} on ${machine.cores} cores of ${machine.cpu}, ${machine.os}, Node ${machine.node}.`
}

function peerTable(): string[] {
  const all = Object.values(peers.peers)
  const names = Object.keys(all[0]?.figures ?? {})
  const rows = names.map((name) => [name, ...all.map(({ figures }) => format(figures[name]))])
  return table(
    ['', ...all.map(({ title }) => title)],
    [...rows, ['a step has succeeded when', ...all.map((one) => one.durability)]],
  )
}

function httpTable({ servers, ratios, looks, ...about }: Http): string[] {
  const all = Object.values(servers)
  const names = [...new Set(all.flatMap(({ figures }) => Object.keys(figures)))]
  const rows = names.map((name) => [name, ...all.map(({ figures }) => format(figures[name]))])
  const times = Object.entries(ratios).map(([name, value]) => `- ${name}: **${format(value)} times**`)
  const others = Object.fromEntries(
    Object.entries(servers).filter(([, { versions }]) => 'spanwise' in versions === false),
  )
  return [
    measured(about),
    '',
    ...table(['', ...all.map(({ title }) => title)], rows),
    '',
    ...times,
    '',
    ...table(
      ['looking', 'figure'],
      Object.entries(looks).map(([name, value]) => [name, format(value)]),
    ),
    '',
    ...versions(others),
  ]
}

function versions(products: Readonly<Record<string, Pick<PeerResult, 'title' | 'versions'>>>): string[] {
  return Object.values(products)
    .filter(({ versions }) => Object.keys(versions).length > 0)
    .map(({ title, versions }) => {
      const list = Object.entries(versions).map(([name, version]) => `\`${name}\` ${version}`)
      return `- ${title}: ${list.join(', ')}`
    })
}

function coreTable(): string[] {
  return table(
    ['what', 'figure'],
    Object.entries(core.figures).map(([name, value]) => [name, format(value)]),
  )
}

function gatewayTable(): string[] {
  const { doors, commitMs } = gateway
  const names = Object.keys(doors[0]?.figures ?? {})
  return [
    ...table(
      ['', ...doors.map(({ title }) => title)],
      names.map((name) => [name, ...doors.map(({ figures }) => format(figures[name]))]),
    ),
    '',
    `A synced commit of a bare writer on that disk took ${format(commitMs)} ms.`,
  ]
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)]
}

function format(value: number | undefined): string {
  return value === undefined ? '–' : value.toLocaleString('en-US')
}
