import { SpanwiseError } from '../../journal/index.ts'

/** Raised when a frame or a method changes its meaning; a new method alone does not. */
export const PROTOCOL = 1

/** The first line of either side. */
export interface Hello {
  readonly spanwise: 'control'
  readonly version: number
}

/** `args` is codec text of an array. */
export interface RequestFrame {
  readonly id: number
  readonly method: string
  readonly args: string
}

/** Codec text of what came of it. */
export type AnswerFrame =
  | { readonly id: number; readonly result: string }
  | { readonly id: number; readonly error: string }

/** Pushed while a watch is open: codec text of the change. */
export interface ChangeFrame {
  readonly watch: number
  readonly change: string
}

/** The connection cannot go on. */
export interface FatalFrame {
  readonly error: string
}

export const hello: Hello = { spanwise: 'control', version: PROTOCOL }

/** @throws CONTROL_VERSION */
export function checkHello(frame: unknown, other: 'owner' | 'client'): void {
  const { spanwise, version } = frame as Partial<Hello>
  if (spanwise === 'control' && version === PROTOCOL) return
  throw new SpanwiseError({
    code: 'CONTROL_VERSION',
    message:
      spanwise === 'control'
        ? `The ${other} of the store speaks version ${String(version)} of the control protocol, this process version ${PROTOCOL}.`
        : `The ${other} on the control socket did not say hello.`,
    hint: 'Use the same version of spanwise in both processes.',
  })
}

/** How many entries, runs or approvals one answer holds at most; clients ask for more by themselves. */
export const PAGE = 500
/** Entries are cut by their size too: characters of payload in one answer. */
export const PAGE_SIZE = 4 * 1024 * 1024
/** of a read for what is not there yet, ms: a line that says nothing for long is taken for a broken one */
export const longestWait = 10_000
