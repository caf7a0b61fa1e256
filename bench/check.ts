import { readFileSync } from 'node:fs'
import { concurrent, type Figures, fanOut, sequential } from './suite.ts'

/** Compares ratios, not times, with the committed ones: another machine has other times. Reports what got worse by a fifth. */
const committed = (
  JSON.parse(readFileSync(new URL('./results/spanwise.json', import.meta.url), 'utf8')) as { figures: Figures }
).figures
const now: Figures = {
  ...(await sequential(10)),
  ...(await concurrent(64, 3_000)),
  ...(await concurrent(1_000, 5_000)),
  ...(await fanOut(100)),
}

/** whether more is better */
const ratios: Record<string, boolean> = { 'W1 / bare': false, 'ours / bare at 64': true, 'ours / bare at 1000': true }
let worse = 0
for (const [name, moreIsBetter] of Object.entries(ratios)) {
  const before = committed[name]
  const after = now[name]
  if (before === undefined || after === undefined) continue
  const loss = moreIsBetter ? before / after : after / before
  if (loss > 1.2) worse++
  process.stdout.write(
    `${name.padEnd(24)} committed ${before}  now ${after}  ${loss > 1.2 ? `WORSE by ${Math.round((loss - 1) * 100)} %` : 'ok'}\n`,
  )
}
process.exitCode = worse > 0 ? 1 : 0
