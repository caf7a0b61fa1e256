import { MemorySaver } from '@langchain/langgraph'
import { withSaver } from './graphs.mjs'

export const title = 'LangGraph.js, MemorySaver'
export const durability = 'none: in memory'

export async function open({ sideEffect }) {
  return withSaver(new MemorySaver(), sideEffect)
}
