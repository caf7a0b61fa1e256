import { readFileSync, writeFileSync } from 'node:fs'

/** Draws `results/peers.json` as `docs/benchmarks.svg`: steps per second, and one workflow alone. */
interface Result {
  readonly peers: Record<string, { readonly title: string; readonly figures: Readonly<Record<string, number>> }>
}

const { peers } = JSON.parse(readFileSync(new URL('results/peers.json', import.meta.url), 'utf8')) as Result
const rows = Object.entries(peers).map(([name, peer]) => ({ ...peer, isOurs: name === 'spanwise' }))

const width = 760
const left = 190
const bar = 18
const gap = 8

const panels = [
  { title: 'Durable steps per second, 256 workflows at once (more is better)', figure: 'steps/s at 256', unit: '' },
  { title: 'Ten steps in sequence, one workflow alone, ms (less is better)', figure: 'W1 p50 ms', unit: ' ms' },
  { title: 'A hundred steps at once, one workflow alone, ms (less is better)', figure: 'W2 p50 ms', unit: ' ms' },
]

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

// colours that read on white and on black
const style = `text { font: 13px system-ui, sans-serif; fill: #6b7280 } .title { font-weight: 600 }
.name { text-anchor: end } .ours { fill: #0d9488 } .theirs { fill: #9ca3af }`
writeFileSync(
  new URL('../docs/benchmarks.svg', import.meta.url),
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" role="img" aria-label="Benchmarks against other durable engines">
<style>${style}</style>
${parts.join('\n')}
</svg>
`,
)
