import { type App, step, workflow } from 'spanwise'

const report = step('report', async (top: number) => `the ${top} best`)

export const digest = workflow('digest', async ({ top }: { top: number }) => report(top))

/** One run for each due time, through crashes; a night that was missed is made up for once. */
export function nightly(app: App) {
  return app.schedule(digest, { top: 10 }, { id: 'nightly', cron: '0 3 * * *', zone: 'Europe/Berlin', catchUp: 'last' })
}
