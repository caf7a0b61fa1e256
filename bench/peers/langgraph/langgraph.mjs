import { join } from 'node:path'
import { SqliteSaver } from '@langchain/langgraph-checkpoint-sqlite'
import { withSaver } from './graphs.mjs'

export const title = 'LangGraph.js, SqliteSaver'
export const durability = 'each superstep written, not synced (its saver sets WAL with synchronous=NORMAL)'

export async function open({ dir, sideEffect }) {
  return withSaver(SqliteSaver.fromConnString(join(dir, 'langgraph.db')), sideEffect)
}
