import { createHash } from 'node:crypto'

// Nobody chose these: they follow from a sentence, and were committed before any of them was run.
const sentence = 'Nobody has ever run the volatile hour of this sentence.'
const heldOut = [1, 2, 3].map((n) => createHash('sha256').update(`${sentence} ${n}`).digest('hex').slice(0, 12))

/**
 * Fixed before anything was tuned. What is developed is looked at with the first ones only; those of the report were first run in November
 * 2026, those held out in December.
 */
export const seeds: Readonly<Record<'dev' | 'report' | 'heldOut', readonly string[]>> = {
  dev: ['dev-1', 'dev-2', 'dev-3'],
  report: ['report-1', 'report-2', 'report-3'],
  heldOut,
}
