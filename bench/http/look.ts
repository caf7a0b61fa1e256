import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type App, signal, spanwise, workflow } from 'spanwise'
import { listen } from 'spanwise/server'
import { z } from 'zod'
import { alone, quantile, round } from '../measure.ts'
import type { Figures } from './starts.ts'

const note = signal('note', z.number())
const diary = workflow('diary', async () => {
  while ((await note.wait()) >= 0);
})
const later = workflow('later', async (i: number) => i)

/** What looking costs over HTTP: lists among many runs, and by how much the server's way is longer than a reader's in the process. */
export async function look(runs: number, events: number): Promise<Figures> {
  const dir = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'spanwise-look-'))
  try {
    await using app = await spanwise({ store: `sqlite:${join(dir, 'spanwise.db')}`, workflows: [diary, later] })
    const server = await listen(app, { port: 0, studio: false })
    try {
      return { ...(await live(app, server.url, events)), ...(await lists(app, server.url, runs)) }
    } finally {
      await server.close()
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

async function lists(app: App, url: string, runs: number): Promise<Figures> {
  const atOnce = 1_000
  for (let i = 0; i < runs; i += atOnce)
    await Promise.all(
      Array.from({ length: Math.min(atOnce, runs - i) }, (_, n) =>
        app.start(later, i + n, { delay: '300d', tags: [`t${(i + n) % 1_000}`] }),
      ),
    )
  const figures: Figures = {}
  const middle = new URLSearchParams({ limit: '50' })
  for (let page = 0; page < 20; page++) {
    const { next } = (await get(`${url}/api/v1/runs?${middle}`)) as { next?: string }
    if (next !== undefined) middle.set('after', next)
  }
  for (const [name, query] of [
    ['first page', 'limit=50'],
    ['page 21', String(middle)],
    ['by workflow and status', 'workflow=later&status=queued&limit=50'],
    ['by tag', 'tag=t7&limit=50'],
    ['by id', 'prefix=0000&limit=50'],
  ] as const) {
    const { p95 } = await alone(40, 5, () => get(`${url}/api/v1/runs?${query}`))
    figures[`list among ${runs}, ${name}, p95 ms`] = round(p95)
  }
  figures[`counts of ${runs}, p95 ms`] = round((await alone(40, 5, () => get(`${url}/api/v1/counts`))).p95)
  return figures
}

async function get(url: string): Promise<unknown> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`)
  return response.json()
}

async function live(app: App, url: string, events: number): Promise<Figures> {
  const run = await app.start(diary)
  const inside = new Map<number, number>()
  const outside = new Map<number, number>()
  const follow = (async () => {
    for await (const { index } of run.events({ follow: true })) inside.set(index, performance.now())
  })()
  const { body } = await fetch(`${url}/api/v1/runs/${run.id}/live`)
  const watch = (async () => {
    if (body === null) throw new Error('there is no stream')
    for await (const text of body.pipeThrough(new TextDecoderStream()))
      for (const [, id] of text.matchAll(/^id: (\d+)$/gm)) outside.set(Number(id), performance.now())
  })()
  for (let i = 0; i < events; i++) {
    await run.signal(note, i)
    await sleep(5)
  }
  await run.signal(note, -1)
  await Promise.all([follow, watch])
  // who follows in the process may be told later than a viewer: then the server's way adds nothing
  const added = [...inside].flatMap(([index, at]) => {
    const seen = outside.get(index)
    return seen === undefined || index < 20 ? [] : [Math.max(0, seen - at)]
  })
  if (outside.size < inside.size || inside.size < events) throw new Error('the viewer was not told everything')
  return { 'SSE adds, p50 ms': round(quantile(added, 0.5)), 'SSE adds, p99 ms': round(quantile(added, 0.99)) }
}
