import { jsonable, type RunEvent } from '../../app/index.ts'
import { eventView } from '../views/run.ts'

export type Payloads = 'cut' | 'full' | 'none'

/** One server-sent event. JSON has no line breaks, so one line of data holds it. */
export function message(event: string, data: unknown, id?: number | string): string {
  const text = JSON.stringify(jsonable(data))
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${text}\n\n`
}

/** Its id is the entry's index: whoever comes back with it goes on behind that entry. */
export function eventMessage(event: RunEvent, payloads: Payloads): string {
  return message('entry', eventView(event, payloads), event.index)
}
