import type { Context } from './context.ts'

/** What the run can be listed by, from now on. */
export function tagRun(context: Context, seq: number, tags: readonly string[]): void {
  for (const tag of tags) {
    context
      .sql('INSERT OR IGNORE INTO spanwise_run_tags (token, run_seq) VALUES (?, ?)')
      .run(context.token('tag', tag), seq)
  }
}
