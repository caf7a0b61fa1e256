export { type LogicalCall, logicalCalls } from './calls.ts'
export { type Recorded, type Records, readFolder } from './read.ts'
export { compareLines, dollars, reportLines } from './report.ts'
export { type Share, type Summary, summarize } from './summary.ts'
