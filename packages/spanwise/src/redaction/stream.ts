import { labelled } from './found.ts'
import type { Redactor } from './redactor.ts'

/** a secret and what announces it: `password = "…` */
const words = 4
/** so much that is held back is looked at again only where a word ends */
const long = 4_096
/** so much of what was shown may still announce something */
const context = 200
const beginKey = '-----BEGIN'

interface Delta {
  readonly type: string
  readonly id?: string
  readonly delta: string
}

/** A block of text as it comes: what of it was shown, and what is held back. */
interface Block {
  part: Delta
  text: string
  /** so much of it was shown; kept as far as it may announce what follows */
  shown: number
}

/**
 * A stream of parts while it forms. A secret may be cut in two by parts: text is handed on up to the last place where nothing can have
 * begun, the rest with what follows, or when the block ends.
 */
export class StreamRedaction {
  readonly #redactor: Redactor
  readonly #blocks = new Map<string, Block>()

  constructor(redactor: Redactor) {
    this.#redactor = redactor
  }

  /**
   * @param first what was shown before counts no more
   * @returns what may be shown now
   */
  push(part: unknown, first: boolean): readonly unknown[] {
    if (this.#redactor.isIdle) return [part]
    if (first) this.#blocks.clear()
    // what is shown is no record: where it cannot be told what is in it, it is not shown
    try {
      if (isDelta(part)) return this.#more(part)
      const rest = [...this.#blocks.values()].map((block) => this.#upTo(block, block.text.length))
      this.#blocks.clear()
      return [...rest.filter(({ delta }) => delta !== ''), this.#redactor.value(part).value]
    } catch {
      return []
    }
  }

  #more(part: Delta): readonly Delta[] {
    const key = `${part.type} ${part.id ?? ''}`
    const block = this.#blocks.get(key) ?? { part, text: '', shown: 0 }
    this.#blocks.set(key, block)
    block.part = part
    block.text += part.delta
    if (block.text.length - block.shown > long && !/\s/.test(part.delta)) return []
    const next = this.#upTo(block, this.#safe(block))
    return next.delta === '' ? [] : [next]
  }

  #upTo(block: Block, wanted: number): Delta {
    const { text, part, shown } = block
    const found = this.#redactor.find(text)
    const across = wanted === text.length ? undefined : found.find(({ start, end }) => start < wanted && end > wanted)
    const to = Math.max(shown, across?.start ?? wanted)
    const delta = labelled(text, found, new Map(), shown, to)
    const from = Math.max(0, to - context)
    // not in the midst of one that was shown as a label
    const cut = found.find(({ start, end }) => start < from && end > from)?.end ?? from
    block.text = text.slice(cut)
    block.shown = to - cut
    return { ...part, delta }
  }

  /** Up to where nothing that is not complete yet can have begun. */
  #safe({ text, shown }: Block): number {
    const key = text.lastIndexOf(beginKey)
    if (key >= shown && !text.includes('-----END', key)) return key
    if (this.#redactor.byLine) return Math.max(shown, text.lastIndexOf('\n') + 1)
    let at = text.length
    for (let word = 0; word < words; word++) {
      while (at > shown && isSpace(text, at - 1)) at--
      while (at > shown && !isSpace(text, at - 1)) at--
    }
    return at
  }
}

function isSpace(text: string, at: number): boolean {
  return text.charCodeAt(at) <= 32
}

function isDelta(part: unknown): part is Delta {
  const { type, delta } = (part ?? {}) as Partial<Delta>
  return typeof delta === 'string' && typeof type === 'string' && type.endsWith('-delta')
}
