import { setTimeout as sleep } from 'node:timers/promises'
import { Annotation, END, Send, START, StateGraph } from '@langchain/langgraph'

const State = Annotation.Root({
  i: Annotation(),
  id: Annotation(),
  out: Annotation({ reducer: (all, more) => all.concat(more), default: () => [] }),
})

export function withSaver(checkpointer, sideEffect) {
  const chain = (node) => {
    const graph = new StateGraph(State)
    for (let i = 0; i < 10; i++) graph.addNode(`n${i}`, (state) => node(state, i))
    graph.addEdge(START, 'n0')
    for (let i = 0; i < 9; i++) graph.addEdge(`n${i}`, `n${i + 1}`)
    graph.addEdge('n9', END)
    return graph.compile({ checkpointer })
  }
  const ten = chain(async (_, i) => ({ i }))
  const slow = chain(async ({ id }, i) => {
    await sleep(20)
    sideEffect(`${id} ${i}`)
    return { i }
  })
  const document = 'x'.repeat(2_000)
  const Document = Annotation.Root({ n: Annotation(), document: Annotation() })
  const counting = new StateGraph(Document)
  for (let i = 0; i < 10; i++) counting.addNode(`n${i}`, async ({ n }) => ({ n: n + 1 }))
  counting.addEdge(START, 'n0')
  for (let i = 0; i < 9; i++) counting.addEdge(`n${i}`, `n${i + 1}`)
  counting.addEdge('n9', END)
  const counted = counting.compile({ checkpointer })
  const hundred = new StateGraph(State)
    .addNode('one', async ({ i }) => ({ out: [i] }))
    .addNode('join', async () => ({ i: 1 }))
    .addConditionalEdges(START, () => Array.from({ length: 100 }, (_, i) => new Send('one', { i })), ['one'])
    .addEdge('one', 'join')
    .addEdge('join', END)
    .compile({ checkpointer })
  let threads = 0
  const thread = (id = `${process.pid}-${threads++}`) => ({ configurable: { thread_id: id }, durability: 'sync' })
  return {
    ten: () => ten.invoke({ i: 0 }, thread()),
    hundred: () => hundred.invoke({ i: 0 }, thread()),
    graph: () => counted.invoke({ n: 0, document }, thread()),
    // it has no recovery of its own: whoever uses it asks each thread where it stood
    async slow(id) {
      const { next, values } = await slow.getState(thread(id))
      if (next.length > 0) await slow.invoke(null, thread(id))
      else if (values.id === undefined) await slow.invoke({ id }, thread(id))
    },
    async close() {},
  }
}
