import { Pool } from 'undici'
import { quantile, round } from '../measure.ts'
import type { Target } from './target.ts'

export interface Load {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  readonly count: number
}

/**
 * So many connections, each with one request under way, for so long.
 * @throws when an answer has another status: what was not started does not count as quick
 */
export async function load(target: Target, connections: number, ms: number): Promise<Load> {
  const { url, path, body, status } = target
  const headers = { ...target.headers, 'content-type': 'application/json' }
  const pool = new Pool(url, { connections, pipelining: 1 })
  const times: number[] = []
  const start = performance.now()
  const end = start + ms
  const once = (): Promise<void> =>
    new Promise((resolve, reject) => {
      let answered = 0
      pool.dispatch(
        { path, method: 'POST', headers, body },
        {
          onRequestStart() {},
          onResponseStart(_, statusCode) {
            answered = statusCode
          },
          onResponseData() {},
          onResponseEnd() {
            if (answered === status) resolve()
            else reject(new Error(`${url}${path} answered ${answered}, not ${status}`))
          },
          onResponseError: (_, error) => reject(error),
        },
      )
    })
  try {
    await Promise.all(
      Array.from({ length: connections }, async () => {
        for (let now = performance.now(); now < end; ) {
          await once()
          const then = performance.now()
          times.push(then - now)
          now = then
        }
      }),
    )
    const took = performance.now() - start
    return {
      perSecond: round(times.length / (took / 1_000), 0),
      p50: round(quantile(times, 0.5)),
      p99: round(quantile(times, 0.99)),
      count: times.length,
    }
  } finally {
    await pool.close()
  }
}
