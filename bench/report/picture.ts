import type { PeerResult } from './results.ts'

const width = 760
const left = 205
const bar = 18
const gap = 8

const panels = [
  { title: 'Durable steps per second, 256 workflows at once (more is better)', figure: 'steps/s at 256', unit: '' },
  { title: 'Ten steps in sequence, one workflow alone, ms (less is better)', figure: 'W1 p50 ms', unit: ' ms' },
  { title: 'A hundred steps at once, one workflow alone, ms (less is better)', figure: 'W2 p50 ms', unit: ' ms' },
]

/** Bars for each product, as SVG that reads on white and on black. */
export function picture(peers: readonly (readonly [string, PeerResult])[]): string {
  const rows = peers.map(([name, peer]) => ({ ...peer, isOurs: name === 'spanwise' }))
  let y = 0
  const parts: string[] = []
  for (const { title, figure, unit } of panels) {
    y += 34
    parts.push(`<text class="title" x="0" y="${y}">${title}</text>`)
    y += 12
    const most = Math.max(...rows.map(({ figures }) => figures[figure] ?? 0))
    for (const { title: name, figures, isOurs } of rows) {
      const value = figures[figure]
      if (value === undefined) continue
      const length = Math.max(1, (value / most) * (width - left - 90))
      parts.push(
        `<text class="name" x="${left - 8}" y="${y + 13}">${name}</text>`,
        `<rect class="${isOurs ? 'ours' : 'theirs'}" x="${left}" y="${y}" width="${length.toFixed(1)}" height="${bar}" rx="2"/>`,
        `<text class="value" x="${left + length + 6}" y="${y + 13}">${value.toLocaleString('en-US')}${unit}</text>`,
      )
      y += bar + gap
    }
  }
  y += 10

  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" role="img" aria-label="Spanwise and other durable engines">
<style>${style}</style>
${parts.join('\n')}
</svg>
`
}

const style = `text { font: 13px system-ui, sans-serif; fill: #6b7280 } .title { font-weight: 600 }
.name { text-anchor: end } .ours { fill: #0d9488 } .theirs { fill: #9ca3af }`
