import { APICallError } from 'ai'
import { agent } from '../../packages/spanwise/src/agent/index.ts'
import { gateway, type Models } from '../../packages/spanwise/src/models/index.ts'
import type { Input, Player } from './player.ts'
import type { Node } from './program.ts'
import { act, deed, type Job } from './steps.ts'
import { never, type Process, type World } from './world.ts'

type Model = ReturnType<Models<'sim'>['languageModel']>
type Asked = Parameters<Model['doGenerate']>[0]
type Answered = Awaited<ReturnType<Model['doGenerate']>>
type Said = Answered['content'][number]

export type AgentNode = Extract<Node, { do: 'agent' }>

/** of one request */
export const tokens = { input: 300, output: 20 }
/** items of an agent's calls: by turn and place */
const perTurn = 10

/** What an agent is told at first: it names the conversation, in the world and in the history. */
interface Task {
  readonly who: string
  readonly node: Pick<AgentNode, 'site' | 'turns' | 'width' | 'fail' | 'slip'>
}

/** Turn after turn its calls at once, then an answer. Forks are the same conversation as the run that they go on from. */
export async function converse(
  player: Player,
  node: AgentNode,
  input: Input,
  item: number | undefined,
): Promise<unknown> {
  const { site, turns, width, fail, slip, budget, onLimit } = node
  const talker = agent(`talker-${site}`, {
    model: player.models('sim'),
    tools: { act, deed },
    approve: ({ tool }) => tool === 'deed',
    maxTurns: turns + 1,
    maxOutputTokens: 2 * tokens.output,
    onLimit,
    ...(budget === undefined ? {} : { budget: `${budget} tokens` }),
  })
  const who = `${player.root}/${input.generation}/${site}/${item}`
  const said = await talker(JSON.stringify({ who, node: { site, turns, width, fail, slip } } satisfies Task))
  if (said !== `done ${who}`) player.wrong(`${site} was answered ${said}`)
  return said
}

/** Who asks models in a process that is played, and is never answered in one that only replays. */
export function modelsOf(process: Process): Models<'sim'> {
  const model: Model = {
    specificationVersion: 'v4',
    provider: 'sim',
    modelId: 'sim',
    supportedUrls: {},
    doGenerate: (options) => answer(process, options),
    doStream: () => Promise.reject(new Error('nobody streams here')),
  }
  return gateway({ models: { sim: { candidates: [{ model }] } } })
}

/** It says the same to the same question, some time later, and keeps count. */
async function answer(process: Process, options: Asked): Promise<Answered> {
  const { world } = process
  if (!process.alive) return never()
  const [first] = options.prompt.filter(({ role }) => role === 'user')
  const { who, node } = JSON.parse(textOf(first)) as Task
  const turn = options.prompt.filter(({ role }) => role === 'assistant').length
  checkResults(world, who, options)
  const asked = `${who} turn ${turn}`
  const isSlip = node.slip && !world.slipped.has(asked)
  world.tell(() => `    the model is asked: ${asked}${isSlip ? ', and has no time' : ''}, by process ${process.number}`)
  if (isSlip) {
    world.slipped.add(asked)
    throw new APICallError({ message: 'overloaded', url: 'sim', requestBodyValues: {}, statusCode: 503 })
  }
  world.asked.set(asked, (world.asked.get(asked) ?? 0) + 1)
  await world.timeline.wait(world.roll.whole(30))
  if (!process.alive) return never()
  options.abortSignal?.throwIfAborted()
  const isLast = turn >= node.turns || options.toolChoice?.type === 'none'
  const content: Said[] = isLast
    ? [{ type: 'text', text: `done ${who}` }]
    : Array.from({ length: node.width }, (_, place) => callOf(node, turn, place))
  return {
    content,
    finishReason: { unified: isLast ? 'stop' : 'tool-calls', raw: undefined },
    usage: {
      inputTokens: { total: tokens.input, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
      outputTokens: { total: tokens.output, text: undefined, reasoning: undefined },
    },
    warnings: [],
  }
}

/** Most of them need an approval. */
function callOf({ site, fail }: Task['node'], turn: number, place: number): Said {
  const item = turn * perTurn + place
  const job: Job = { site, item, fail: place === 0 ? fail : 0, after: false }
  const toolName = (turn + place) % 3 === 0 ? 'act' : 'deed'
  return { type: 'tool-call', toolCallId: `call-${item}`, toolName, input: JSON.stringify(job) }
}

/** What it is told of its calls is what came of them. */
function checkResults(world: World, who: string, { prompt }: Asked): void {
  for (const message of prompt) {
    if (message.role !== 'tool') continue
    for (const part of message.content) {
      if (part.type !== 'tool-result' || part.output.type === 'error-text') continue
      const said = JSON.stringify(part.output)
      const item = part.toolCallId.slice('call-'.length)
      if (!said.includes(`\\"item\\":${item},`) && !said.includes('edited'))
        world.wrong.push(`${who}: ${part.toolCallId} is answered with ${said}`)
    }
  }
}

function textOf(message: Asked['prompt'][number] | undefined): string {
  const [part] = message?.role === 'user' ? message.content : []
  return part?.type === 'text' ? part.text : '{}'
}
