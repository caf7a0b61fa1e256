/** For whoever decides whether this process gets work, or is started anew. */
export interface Health {
  /** false: nothing goes on here any more, and only a new process helps */
  readonly live: boolean
  /** false: not now (it closes, or its store does not answer) */
  readonly ready: boolean
  /** why one of them is false, in sentences */
  readonly reasons: readonly string[]
}

/** a store that takes longer than this to answer a question is not one to send work to, ms */
const patience = 2_000

export async function healthOf(
  state: { readonly isClosing: boolean; readonly isLost: boolean },
  ask: () => Promise<unknown>,
): Promise<Health> {
  if (state.isLost) return { live: false, ready: false, reasons: ['The store is lost: its thread died.'] }
  if (state.isClosing) return { live: true, ready: false, reasons: ['The app is closing.'] }
  const reason = await silence(ask)
  return { live: true, ready: reason === undefined, reasons: reason === undefined ? [] : [reason] }
}

async function silence(ask: () => Promise<unknown>): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`The store has not answered for ${patience / 1_000} s.`), patience)
  })
  try {
    return await Promise.race([late, ask().then(() => undefined)])
  } catch (error) {
    return `The store answers with an error: ${(error as Error).message}`
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Answers the probes of an orchestrator: 200 or 503 with the health as JSON. A path that ends in `livez` asks whether the process
 * lives, any other whether it is ready.
 * @example server.get('/readyz', (context) => healthHandler(app)(context.req.raw))
 */
export function healthHandler(app: { health(): Promise<Health> }): (request: Request) => Promise<Response> {
  return async (request) => {
    const health = await app.health()
    const good = new URL(request.url).pathname.endsWith('livez') ? health.live : health.ready
    return Response.json(health, { status: good ? 200 : 503, headers: { 'cache-control': 'no-store' } })
  }
}
