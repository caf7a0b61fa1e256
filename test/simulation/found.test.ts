import { expect, it } from 'vitest'
import type { Schedule } from './schedule.ts'
import { simulate } from './simulate.ts'

/** Schedules that once went wrong, as they were shrunk and printed, without what is undefined: seeds change what they mean when the
 * generator does. */
const found: Readonly<Record<string, object>> = {
  'a signal is not lost where a resumed run starts over before it had come to it': {
    seed: 607395,
    settings: { linger: 0, grace: 300, capacity: 10000, latency: 'none', haste: 0.1, snapshotAfter: 4 },
    programs: [
      [
        {
          do: 'race',
          site: 'p0n1',
          branches: [
            [
              { do: 'step', site: 'p0n2', step: 'work', fail: 1, after: false },
              { do: 'wait', site: 'p0n4', signal: 'ping' },
            ],
            [
              {
                do: 'all',
                site: 'p0n9',
                branches: [
                  [{ do: 'wait', site: 'p0n10', signal: 'ping' }],
                  [{ do: 'step', site: 'p0n12', step: 'work', fail: 99, after: false }],
                  [{ do: 'step', site: 'p0n14', step: 'hasty', fail: 1, after: true }],
                ],
              },
            ],
          ],
        },
        { do: 'again', site: 'p0n15', generations: 1 },
      ],
    ],
    runs: [{ name: 'run-0', program: 0, at: 0, priority: 0 }],
    timetables: [],
    acts: [
      { at: 142, run: 0, act: 'signal', signal: 'ping', repeat: false },
      { at: 590, run: 0, act: 'signal', signal: 'ping', repeat: false },
      { at: 442, run: 0, act: 'signal', signal: 'ping', repeat: false },
      { at: 652, run: 0, act: 'resume', edit: 'none' },
    ],
    faults: [],
  },
  'a timer that was due stays due when the clock is set back before it is delivered': {
    seed: 103203,
    settings: { linger: 0, grace: 20, capacity: 10000, latency: 'none', haste: 0.5, snapshotAfter: 2 },
    programs: [
      [
        {
          do: 'all',
          site: 'p0n0',
          branches: [
            [
              {
                do: 'each',
                site: 'p0n1',
                items: 1,
                source: 'stream',
                concurrency: 1,
                collect: false,
                body: [{ do: 'child', site: 'p0n2', program: 1, close: 'cancel', how: 'start and tell' }],
              },
            ],
            [{ do: 'step', site: 'p0n16', step: 'work', fail: 1, after: false }],
          ],
        },
      ],
      [
        {
          do: 'parallel',
          site: 'p1n0',
          branches: [
            [{ do: 'step', site: 'p1n3', step: 'work', fail: 0, after: false }],
            [{ do: 'sleep', site: 'p1n6', ms: 1 }],
          ],
        },
      ],
    ],
    runs: [{ name: 'run-0', program: 0, at: 0, priority: 2 }],
    timetables: [],
    acts: [
      { at: 5, run: 0, act: 'signal', signal: 'ping', repeat: true },
      { at: 8, run: 0, act: 'decide', approve: false },
    ],
    faults: [{ fault: 'clock', at: 20, by: -3600000 }],
  },
  'a run that is taken again by the process that lost it is not in its memory twice': {
    seed: 102834,
    settings: { linger: 0, grace: 20, capacity: 10000, latency: 'none', haste: 0, snapshotAfter: 4 },
    programs: [[], [{ do: 'step', site: 'p1n1', step: 'slow', fail: 0, after: true }]],
    runs: [{ name: 'run-3', program: 1, at: 0, deadline: 1926, priority: 0 }],
    timetables: [],
    acts: [],
    faults: [
      { fault: 'steal', at: 1803, ms: 13, most: 1 },
      { fault: 'clock', at: 27, by: 3600000 },
    ],
  },
  'runs of a due time are taken up although the answer that they were started was lost': {
    seed: 106789,
    settings: { linger: 0, grace: 0, capacity: 10000, latency: 'in order', haste: 0.1, snapshotAfter: 1 },
    programs: [
      [
        {
          do: 'begin',
          site: 'p0n0',
          body: [
            { do: 'step', site: 'p0n1', step: 'work', fail: 0, after: true },
            { do: 'step', site: 'p0n2', step: 'work', fail: 0, after: true },
          ],
        },
        { do: 'step', site: 'p0n3', step: 'work', fail: 0, after: false },
      ],
    ],
    runs: [{ name: 'run-0', program: 0, at: 0, priority: 1 }],
    timetables: [{ name: 'table-0', program: 0, at: 206, lasts: 3127, every: 1000, overlap: 'queue', catchUp: 'all' }],
    acts: [{ at: 282, run: 0, act: 'cancel' }],
    faults: [{ fault: 'error', op: 29, done: true }],
  },
  'an order to end that came before a child of a closed body settled is replayed before it too': {
    seed: 200752,
    settings: { linger: 0, grace: 20, capacity: 10000, latency: 'any order', haste: 0, snapshotAfter: 2 },
    programs: [
      [
        { do: 'compensate', site: 'p0n0', fail: 1 },
        { do: 'step', site: 'p0n2', step: 'write', fail: 0, after: true },
        {
          do: 'begin',
          site: 'p0n3',
          body: [{ do: 'child', site: 'p0n5', program: 1, close: 'wait', how: 'start and leave' }],
        },
      ],
      [{ do: 'wait', site: 'p1n6', signal: 'pong' }],
      [],
    ],
    runs: [{ name: 'run-0', program: 0, at: 0, priority: 1 }],
    timetables: [],
    acts: [{ at: 149, run: 0, act: 'give up' }],
    faults: [],
  },
  'what a cancel ends is ended in one order, with and without a snapshot': {
    seed: 2601,
    settings: { linger: 0, grace: 300, capacity: 10000, latency: 'in order', haste: 0.5, snapshotAfter: 1 },
    programs: [
      [],
      [],
      [
        {
          do: 'all',
          site: 'p2n0',
          branches: [
            [
              {
                do: 'parallel',
                site: 'p2n1',
                branches: [
                  [{ do: 'each', site: 'p2n2', items: 4, source: 'list', concurrency: 2, collect: true, body: 'step' }],
                  [{ do: 'step', site: 'p2n6', step: 'work', fail: 0, after: false }],
                  [{ do: 'step', site: 'p2n7', step: 'work', fail: 0, after: true }],
                ],
              },
            ],
            [{ do: 'approve', site: 'p2n8', timeout: 298, ask: false }],
          ],
        },
      ],
    ],
    runs: [{ name: 'run-1', program: 2, at: 245, priority: 0 }],
    timetables: [],
    acts: [{ at: 249, run: 0, act: 'give up' }],
    faults: [],
  },
  'a fork knows steps again whose input JSON cannot say': {
    seed: 403,
    settings: { linger: 0, grace: 300, capacity: 10000, latency: 'none', haste: 0, snapshotAfter: 2 },
    programs: [[{ do: 'step', site: 'p0n10', step: 'work', fail: 0, after: true }]],
    runs: [{ name: 'run-0', program: 0, at: 11, priority: 0 }],
    timetables: [],
    acts: [{ at: 4289, run: 0, act: 'fork', where: 0.8 }],
    faults: [],
  },
  'a fork does not take over what its source undid after the point': {
    seed: 405140,
    settings: { linger: 0, grace: 0, capacity: 10000, latency: 'none', haste: 0, snapshotAfter: 4 },
    programs: [
      [
        { do: 'compensate', site: 'p0n0', fail: 0 },
        { do: 'sleep', site: 'p0n2', ms: 1 },
        { do: 'approve', site: 'p0n3', timeout: 81, ask: false },
      ],
    ],
    runs: [{ name: 'run-2', program: 0, at: 0, priority: 0 }],
    timetables: [],
    acts: [
      { at: 6, run: 0, act: 'cancel' },
      { at: 547, run: 0, act: 'fork', where: 0.599 },
    ],
    faults: [],
  },
  'nor what it undid in a later generation': {
    seed: 405140,
    settings: { linger: 0, grace: 0, capacity: 10000, latency: 'none', haste: 0, snapshotAfter: 4 },
    programs: [
      [
        { do: 'again', site: 'p0n1', generations: 1 },
        { do: 'compensate', site: 'p0n0', fail: 0 },
        { do: 'sleep', site: 'p0n2', ms: 1 },
        { do: 'approve', site: 'p0n3', timeout: 81, ask: false },
      ],
    ],
    runs: [{ name: 'run-2', program: 0, at: 0, priority: 0 }],
    timetables: [],
    acts: [
      { at: 6, run: 0, act: 'cancel' },
      { at: 547, run: 0, act: 'fork', where: 0.6 },
    ],
    faults: [],
  },
  'a fork does not take over what was done with an input that an operator gave after the point': {
    seed: 422409,
    settings: { linger: 0, grace: 300, capacity: 10000, latency: 'any order', haste: 0, snapshotAfter: 2 },
    programs: [
      [
        {
          do: 'all',
          site: 'p0n1',
          branches: [
            [{ do: 'step', site: 'p0n5', step: 'work', fail: 0, after: false }],
            [{ do: 'forget', site: 'p0n8', fail: 1 }],
            [{ do: 'step', site: 'p0n9', step: 'once', fail: 2, after: true }],
          ],
        },
      ],
    ],
    runs: [{ name: 'run-0', program: 0, at: 0, priority: 0 }],
    timetables: [],
    acts: [
      { at: 78, run: 0, act: 'resume', edit: 'input' },
      { at: 106, run: 0, act: 'fork', where: 0.276 },
    ],
    faults: [],
  },
}

it.each(Object.entries(found))('%s', async (_what, schedule) => {
  const { wrong } = await simulate(schedule as Schedule)
  expect(wrong).toEqual([])
})
