/** What a workflow does, as data: one interpreter runs it, so that a seed and its shrunk forms can be run again. */
export type Block = readonly Node[]

export type StepName = 'work' | 'slow' | 'hasty' | 'narrow' | 'paced' | 'once' | 'sure' | 'write' | 'known' | 'ours'

/** more attempts than any step makes: it fails until somebody mends it */
export const forGood = 99

/** `site` names the node in the program; it is unique there. */
export type Node =
  /** `fail`: attempts that fail. `after`: they fail after their effect */
  | {
      readonly do: 'step'
      readonly site: string
      readonly step: StepName
      readonly fail: number
      readonly after: boolean
    }
  | { readonly do: 'sleep'; readonly site: string; readonly ms: number }
  | { readonly do: 'wait'; readonly site: string; readonly signal: SignalName; readonly timeout: number | undefined }
  | { readonly do: 'approve'; readonly site: string; readonly timeout: number | undefined; readonly ask: boolean }
  | {
      readonly do: 'child'
      readonly site: string
      readonly program: number
      readonly close: 'cancel' | 'abandon' | 'wait'
      readonly how: 'call' | 'start and wait' | 'start and tell' | 'start and cancel' | 'start and leave'
      /** shared with others that name it */
      readonly id: string | undefined
    }
  | {
      readonly do: 'each'
      readonly site: string
      readonly items: number
      readonly source: 'list' | 'stream' | 'broken stream'
      readonly concurrency: number
      readonly collect: boolean
      /** 'step' is the step itself: only then snapshots are allowed */
      readonly body: Block | 'step'
    }
  /** a graph that goes round: in each round so many items at once, then `join` says how many of its two ends are waited for */
  | {
      readonly do: 'graph'
      readonly site: string
      readonly rounds: number
      readonly width: number
      readonly join: 'all' | 'any'
      readonly fail: number
    }
  /** an agent that makes so many calls at once in each turn; some need an approval. `fail`: attempts of the first that fail.
   * `slip`: the model has no time when it is asked first */
  | {
      readonly do: 'agent'
      readonly site: string
      readonly turns: number
      readonly width: number
      readonly fail: number
      readonly slip: boolean
      /** tokens */
      readonly budget: number | undefined
      readonly onLimit: 'fail' | 'finish'
    }
  | { readonly do: 'parallel' | 'race' | 'all'; readonly site: string; readonly branches: readonly Block[] }
  | { readonly do: 'compensate'; readonly site: string; readonly fail: number }
  | { readonly do: 'fail'; readonly site: string }
  | { readonly do: 'throw'; readonly site: string }
  | { readonly do: 'again'; readonly site: string; readonly generations: number }
  | { readonly do: 'values'; readonly site: string }
  | { readonly do: 'changed'; readonly site: string; readonly before: Block; readonly now: Block }
  | { readonly do: 'if'; readonly site: string; readonly yes: Block; readonly no: Block }
  | {
      readonly do: 'try'
      readonly site: string
      readonly body: Block
      readonly rescue: Block | undefined
      readonly last: Block | undefined
    }
  /** begun and forgotten */
  | { readonly do: 'forget'; readonly site: string; readonly fail: number }
  /** begun, and awaited at the next `join` */
  | { readonly do: 'begin'; readonly site: string; readonly body: Block }
  | { readonly do: 'join'; readonly site: string }

export type SignalName = 'ping' | 'pong'
export const signalNames: readonly SignalName[] = ['ping', 'pong']

/** The blocks in a node, with a way to put others in their place. */
export function blocksOf(node: Node): readonly (readonly [Block, (other: Block) => Node])[] {
  switch (node.do) {
    case 'each':
      return node.body === 'step' ? [] : [[node.body, (body) => ({ ...node, body })]]
    case 'parallel':
    case 'race':
    case 'all':
      return node.branches.map((branch, i) => [
        branch,
        (other) => ({ ...node, branches: node.branches.map((one, j) => (i === j ? other : one)) }),
      ])
    case 'changed':
      return [
        [node.before, (before) => ({ ...node, before })],
        [node.now, (now) => ({ ...node, now })],
      ]
    case 'if':
      return [
        [node.yes, (yes) => ({ ...node, yes })],
        [node.no, (no) => ({ ...node, no })],
      ]
    case 'try':
      return [
        [node.body, (body) => ({ ...node, body })],
        ...(node.rescue === undefined ? [] : [[node.rescue, (rescue: Block) => ({ ...node, rescue })] as const]),
        ...(node.last === undefined ? [] : [[node.last, (last: Block) => ({ ...node, last })] as const]),
      ]
    case 'begin':
      return [[node.body, (body) => ({ ...node, body })]]
    default:
      return []
  }
}

export function* nodesOf(block: Block): Generator<Node> {
  for (const node of block) {
    yield node
    for (const [inner] of blocksOf(node)) yield* nodesOf(inner)
  }
}

/** As a person would write it. */
export function describe(block: Block, indent = '  '): string {
  return block.map((node) => describeNode(node, indent)).join('\n')
}

function describeNode(node: Node, indent: string): string {
  const { do: what, site, ...rest } = node as Node & Record<string, unknown>
  const facts = Object.entries(rest)
    .filter(([, value]) => (typeof value !== 'object' || value === null) && value !== undefined && value !== false)
    .map(([name, value]) => `${name} ${String(value)}`)
  const inner = blocksOf(node).map(([block]) => `${indent}  {\n${describe(block, `${indent}    `)}\n${indent}  }`)
  return [`${indent}${site} ${what}${facts.length === 0 ? '' : `: ${facts.join(', ')}`}`, ...inner].join('\n')
}
