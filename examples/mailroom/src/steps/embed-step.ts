import { step } from 'spanwise'
import { type Embedded, embedOpening } from '../embed.ts'
import { trace } from '../trace.ts'

/** 35 ms of work a mail: on the main thread it would hold up everything else, so it runs in the thread pool. */
export const embedMail = step(
  'embed-mail',
  { pool: 'thread', module: import.meta.url, timeout: '60s' },
  async ({ id, opening }: { id: string; opening: string }): Promise<Embedded> => {
    trace('embed-mail', id)
    return embedOpening(opening)
  },
)
