import { type Dice, dice } from './dice.ts'
import { type Block, blocksOf, forGood, type Node, nodesOf, signalNames } from './program.ts'
import type { Act, Burst, Fault, RunPlan, Schedule, Settings, Timetable } from './schedule.ts'

export function generate(seed: number): Schedule {
  const roll = dice(`schedule ${seed}`)
  // children have higher numbers: no program starts itself
  const count = roll.between(1, 3)
  const programs = withAgents(
    // dice of their own: programs without agents are what they were
    roll.fork('agents'),
    Array.from({ length: count }, (_, i) => program(roll.fork(`program ${i}`), i, count)),
  )
  const runs = Array.from(
    {
      length: roll.weighted([
        [5, 1],
        [3, 2],
        [1, 3],
        [1, 4],
      ]),
    },
    (_, i) => runPlan(roll, i, programs),
  )
  const horizon = roll.pick([50, 200, 1_000, 5_000])
  return {
    seed,
    settings: settings(roll),
    programs,
    runs,
    timetables: timetables(roll.fork('timetables'), programs),
    bursts: bursts(roll.fork('bursts'), programs),
    acts: acts(roll.fork('acts'), runs, programs, horizon),
    faults: faults(roll.fork('faults'), horizon),
  }
}

function settings(roll: Dice): Settings {
  return {
    linger: roll.pick([0, 0, 5, 200]),
    grace: roll.pick([0, 20, 300]),
    capacity: roll.weighted([
      [6, 10_000],
      [1, 1],
      [1, 2],
      [1, 3],
    ]),
    latency: roll.weighted([
      [2, 'none'],
      [3, 'in order'],
      [3, 'any order'],
    ]),
    haste: roll.pick([0, 0.1, 0.5]),
    snapshotAfter: roll.pick([1, 2, 4]),
  }
}

function runPlan(roll: Dice, i: number, programs: readonly Block[]): RunPlan {
  return {
    name: `run-${i}`,
    program: i === 0 ? 0 : roll.whole(programs.length),
    at: roll.chance(0.6) ? 0 : roll.whole(300),
    delay: roll.chance(0.1) ? roll.whole(500) : undefined,
    deadline: roll.chance(0.06) ? roll.between(1, 3_000) : undefined,
    priority: roll.chance(0.1) ? roll.whole(3) : 0,
    again: roll.chance(0.25) ? roll.whole(200) : undefined,
  }
}

function timetables(roll: Dice, programs: readonly Block[]): readonly Timetable[] {
  if (roll.chance(0.85)) return []
  return Array.from({ length: roll.between(1, 2) }, (_, i) => ({
    name: `table-${i}`,
    program: roll.whole(programs.length),
    at: roll.whole(500),
    lasts: roll.between(500, 4_500),
    every: 1_000,
    overlap: roll.pick(['skip', 'queue', 'cancel', 'allow'] as const),
    catchUp: roll.pick(['none', 'last', 'all', 'all'] as const),
  }))
}

function bursts(roll: Dice, programs: readonly Block[]): readonly Burst[] {
  if (roll.chance(0.9)) return []
  const from = roll.whole(300)
  return [
    {
      name: 'burst',
      program: roll.whole(programs.length),
      period: roll.between(20, 300),
      timeout: roll.chance(0.5) ? roll.between(300, 600) : undefined,
      starts: Array.from({ length: roll.between(2, 6) }, () => from + roll.whole(roll.pick([20, 400, 1_000]))),
    },
  ]
}

// ---- programs

interface Builder {
  readonly roll: Dice
  readonly index: number
  readonly count: number
  nodes: number
  left: number
  /** inside `each`, `parallel` and the like */
  depth: number
}

function program(roll: Dice, index: number, count: number): Block {
  const builder: Builder = { roll, index, count, nodes: 0, left: roll.between(3, index === 0 ? 14 : 8), depth: 0 }
  const body = block(builder, 6)
  const end = ending(builder)
  return end === undefined ? body : [...body, end]
}

function site(builder: Builder): string {
  return `p${builder.index}n${builder.nodes++}`
}

function ending(builder: Builder): Node | undefined {
  const { roll } = builder
  return roll.weighted<() => Node | undefined>([
    [12, () => undefined],
    [2, () => ({ do: 'fail', site: site(builder) })],
    [1, () => ({ do: 'throw', site: site(builder) })],
    [2, () => ({ do: 'again', site: site(builder), generations: roll.between(1, 2) })],
  ])()
}

function block(builder: Builder, most: number): Block {
  const nodes: Node[] = []
  const wanted = builder.roll.between(1, most)
  do nodes.push(node(builder))
  while (nodes.length < wanted && builder.left > 0)
  return nodes
}

function inner(builder: Builder): Block {
  builder.depth++
  try {
    return block(builder, 3)
  } finally {
    builder.depth--
  }
}

function node(builder: Builder): Node {
  const { roll } = builder
  builder.left--
  const composite = builder.depth < 3 && builder.left > 1
  const at = site(builder)
  const timeout = (): number | undefined => (roll.chance(0.5) ? roll.between(1, 400) : undefined)
  return roll.weighted<() => Node>([
    [10, () => stepNode(builder, at)],
    [3, () => ({ do: 'sleep', site: at, ms: roll.pick([0, 1, 20, 300, 2_000]) })],
    [3, () => ({ do: 'wait', site: at, signal: roll.pick(signalNames), timeout: timeout() })],
    [1.5, () => ({ do: 'approve', site: at, timeout: timeout(), ask: roll.chance(0.5) })],
    [1, () => ({ do: 'values', site: at })],
    [1.5, () => ({ do: 'compensate', site: at, fail: roll.chance(0.3) ? 1 : 0 })],
    [0.7, () => ({ do: 'forget', site: at, fail: roll.chance(0.2) ? forGood : roll.whole(2) })],
    [0.7, () => ({ do: 'join', site: at })],
    [0.2, () => ({ do: builder.roll.chance(0.5) ? 'fail' : 'throw', site: at })],
    [builder.index + 1 < builder.count ? 3 : 0, () => childNode(builder, at)],
    [composite ? 3 : 0, () => eachNode(builder, at)],
    [composite ? 2 : 0, () => graphNode(builder, at)],
    [composite ? 2 : 0, () => branches(builder, at, 'parallel')],
    [composite ? 2.5 : 0, () => branches(builder, at, 'race')],
    [composite ? 2 : 0, () => branches(builder, at, 'all')],
    [composite ? 1.5 : 0, () => ({ do: 'begin', site: at, body: inner(builder) })],
    [composite ? 1 : 0, () => ({ do: 'changed', site: at, before: inner(builder), now: inner(builder) })],
    [composite ? 1 : 0, () => ({ do: 'if', site: at, yes: inner(builder), no: inner(builder) })],
    [
      composite ? 3 : 0,
      () => {
        const rescue = roll.chance(0.8) ? inner(builder) : undefined
        return {
          do: 'try',
          site: at,
          body: inner(builder),
          rescue,
          last: rescue === undefined || roll.chance(0.3) ? inner(builder) : undefined,
        }
      },
    ],
  ])()
}

function stepNode(builder: Builder, at: string): Node {
  const { roll } = builder
  const step = roll.weighted([
    [8, 'work'],
    [1.5, 'slow'],
    [0.7, 'hasty'],
    [1.2, 'narrow'],
    [0.7, 'paced'],
    [1.5, 'once'],
    [2, 'sure'],
    [2, 'write'],
    [1, 'known'],
    [1, 'ours'],
  ] as const)
  const fail = roll.weighted([
    [14, 0],
    [3, 1],
    [2, 2],
    [0.7, forGood],
  ])
  return { do: 'step', site: at, step, fail, after: roll.chance(0.5) }
}

function childNode(builder: Builder, at: string): Node {
  const { roll } = builder
  return {
    do: 'child',
    site: at,
    program: builder.index + 1 + roll.whole(builder.count - builder.index - 1),
    close: roll.pick(['cancel', 'abandon', 'wait'] as const),
    how: roll.weighted([
      [4, 'call'],
      [2, 'start and wait'],
      [1, 'start and tell'],
      [1, 'start and cancel'],
      [2, 'start and leave'],
    ] as const),
    id: roll.chance(0.15) ? 'shared' : undefined,
  }
}

function eachNode(builder: Builder, at: string): Node {
  const { roll } = builder
  return {
    do: 'each',
    site: at,
    items: roll.between(0, 7),
    source: roll.weighted([
      [4, 'list'],
      [4, 'stream'],
      [1, 'broken stream'],
    ] as const),
    concurrency: roll.between(1, 4),
    collect: roll.chance(0.5),
    body: roll.chance(0.5) ? 'step' : inner(builder),
  }
}

function graphNode({ roll }: Builder, at: string): Node {
  const fail = roll.chance(0.2) ? 1 : 0
  return {
    do: 'graph',
    site: at,
    rounds: roll.between(1, 5),
    width: roll.between(0, 3),
    join: roll.pick(['all', 'any'] as const),
    fail,
  }
}

/** In some, one or two agents somewhere in a program. */
function withAgents(roll: Dice, programs: readonly Block[]): readonly Block[] {
  if (roll.chance(0.7)) return programs
  let made = programs
  for (let n = roll.between(1, 2); n > 0; n--) {
    const i = roll.chance(0.7) ? 0 : roll.whole(programs.length)
    made = made.with(i, inserted(roll, made[i] as Block, agentNode(roll, `p${i}a${n}`)))
  }
  return made
}

function inserted(roll: Dice, block: Block, node: Node): Block {
  const at = roll.whole(block.length + 1)
  const inner = block[at] === undefined ? [] : blocksOf(block[at])
  if (inner.length === 0 || roll.chance(0.4)) return [...block.slice(0, at), node, ...block.slice(at)]
  const [body, put] = roll.pick(inner)
  return block.with(at, put(inserted(roll, body, node)))
}

function agentNode(roll: Dice, at: string): Node {
  return {
    do: 'agent',
    site: at,
    // long enough for a snapshot, now and then
    turns: roll.chance(0.15) ? roll.between(9, 11) : roll.between(1, 4),
    width: roll.between(1, 3),
    fail: roll.weighted([
      [6, 0],
      [2, 1],
      [1, 2],
    ]),
    slip: roll.chance(0.2),
    budget: roll.chance(0.25) ? roll.between(2_000, 12_000) : undefined,
    onLimit: roll.chance(0.7) ? 'finish' : 'fail',
  }
}

function branches(builder: Builder, at: string, what: 'parallel' | 'race' | 'all'): Node {
  const { roll } = builder
  return { do: what, site: at, branches: Array.from({ length: roll.between(1, 3) }, () => inner(builder)) }
}

// ---- people

function acts(roll: Dice, runs: readonly RunPlan[], programs: readonly Block[], horizon: number): readonly Act[] {
  const made: Act[] = []
  // dice of their own: other acts are what they were
  const forks = roll.fork('forks')
  for (const [run, plan] of runs.entries()) {
    const nodes = [...nodesOf(programs[plan.program] as Block)]
    // each generation waits anew, and what comes early is kept for it
    const rounds = nodes.reduce((most, node) => (node.do === 'again' ? Math.max(most, node.generations + 1) : most), 1)
    const at = (): number => plan.at + (roll.chance(0.3) ? roll.whole(10) : roll.whole(horizon))
    for (const node of nodes) {
      for (let i = 0; i < rounds && node.do === 'wait'; i++)
        if (roll.chance(0.8)) made.push({ at: at(), run, act: 'signal', signal: node.signal, repeat: roll.chance(0.3) })
      for (let i = 0; i < 2 && node.do === 'agent'; i++)
        if (roll.chance(0.7)) made.push({ at: at(), run, act: 'decide', approve: roll.chance(0.6) })
      if (node.do === 'approve' && roll.chance(0.7))
        made.push({ at: at(), run, act: 'decide', approve: roll.chance(0.7) })
      if (node.do === 'step' && (node.step === 'once' || node.step === 'sure') && roll.chance(0.2))
        made.push({ at: at(), run, act: 'report' })
    }
    if (roll.chance(0.2)) made.push({ at: at(), run, act: 'signal', signal: roll.pick(signalNames), repeat: true })
    if (roll.chance(0.12)) made.push({ at: at(), run, act: 'cancel' })
    if (roll.chance(0.06)) made.push({ at: at(), run, act: 'give up' })
    if (roll.chance(0.2))
      made.push({ at: at(), run, act: 'resume', edit: roll.pick(['none', 'input', 'result'] as const) })
    if (roll.chance(0.05)) made.push({ at: at(), run, act: 'cancel' })
    for (const node of nodes)
      for (let i = 0; i < 3 && node.do === 'step' && node.step === 'known'; i++)
        if (roll.chance(0.5)) made.push({ at: plan.at + roll.whole(100), run, act: 'invalidate' })
  }
  // behind the others, which keep their numbers
  for (const [run, plan] of runs.entries())
    for (let i = 0; i < 2; i++)
      if (forks.chance(0.06)) made.push({ at: plan.at + forks.whole(horizon), run, act: 'fork', where: forks.next() })
  return made
}

// ---- faults

function faults(roll: Dice, horizon: number): readonly Fault[] {
  const count = roll.weighted([
    [1, 0],
    [3, 1],
    [3, 2],
    [2, 4],
    [1, 8],
  ])
  const op = (): number => (roll.chance(0.5) ? roll.whole(40) : roll.whole(200))
  const at = (): number => (roll.chance(0.4) ? roll.whole(30) : roll.whole(horizon))
  return Array.from({ length: count }, () =>
    roll.weighted<() => Fault>([
      [4, () => ({ fault: 'crash', op: op(), done: roll.chance(0.5) })],
      [2, () => ({ fault: 'crash at', at: at() })],
      [3, () => ({ fault: 'error', op: op(), done: roll.chance(0.4) })],
      [1, () => ({ fault: 'slow', op: op(), ms: roll.between(20, 800) })],
      [1.5, () => ({ fault: 'steal', at: at(), ms: roll.whole(200), most: roll.pick([1, 100]) })],
      [1, () => ({ fault: 'zombie', at: at(), ms: roll.whole(300) })],
      [1, () => ({ fault: 'restart', at: at(), upgrade: roll.chance(0.6) })],
      [1, () => ({ fault: 'clock', at: at(), by: roll.pick([-3_600_000, -500, 500, 3_600_000]) })],
    ])(),
  )
}
