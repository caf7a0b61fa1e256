import type { Progress } from './workflows.ts'

export interface Screen {
  readonly isTTY?: boolean
  write(text: string): unknown
}

/** One line that changes on a terminal; elsewhere a new line every two seconds, so that a log stays readable. */
export function liveLine(screen: Screen, now: () => number = () => performance.now()) {
  let last = ''
  let shownAt = Number.NEGATIVE_INFINITY
  return {
    show(text: string): void {
      if (text === last) return
      if (!screen.isTTY && now() - shownAt < 2000) return
      screen.write(screen.isTTY ? `\r\u001b[2K${text.slice(0, 79)}` : `${text}\n`)
      last = text
      shownAt = now()
    },
    end(): void {
      if (screen.isTTY && last) screen.write('\r\u001b[2K')
      last = ''
    },
  }
}

export function progressText(progress: Progress, rate?: number): string {
  const { done, of } = progress
  const count = `${done}/${of}`
  if (progress.phase === 'train') return `training on ${of} mails`
  const speed = rate ? `, ${rate.toFixed(1)} a second` : ''
  if (progress.phase === 'read') return `reading ${count} mails ${meter(done / (of || 1))}${speed}`
  const asking = progress.asking > 0 ? `, ${progress.asking} wait for a person` : ''
  return `deciding ${count} mails ${meter(done / (of || 1))}${asking}`
}

function meter(share: number): string {
  const full = Math.round(share * 20)
  return `[${'='.repeat(full)}${' '.repeat(20 - full)}]`
}
