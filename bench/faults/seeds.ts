/** Fixed before anything was tuned. What is developed is looked at with the first ones only; the others are for the report. */
export const seeds = { dev: ['dev-1', 'dev-2', 'dev-3'], report: ['report-1', 'report-2', 'report-3'] } as const
