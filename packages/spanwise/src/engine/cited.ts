import { citeName, encode } from '../journal/index.ts'
import { type Document, type Execution, type Operation, readDocument, type StepContext } from '../workflow/index.ts'

/** What the attempts of one step say that they were given to read. A step that cites nothing leaves nothing behind. */
export class Cited {
  readonly #step: string
  #documents: Document[] = []
  #notes = 0

  constructor(step: string) {
    this.#step = step
  }

  readonly cite: StepContext['cite'] = (...documents) => {
    for (const document of documents) this.#documents.push(readDocument(document, this.#step))
  }

  /** One note for an attempt, in front of the entry that says how it went. */
  record(execution: Execution, operation: Operation, attempt: number): void {
    const cited = this.#documents
    if (cited.length === 0 || operation.state !== 'open') return
    this.#documents = []
    execution.recordCall(operation, `${citeName}#${attempt}.${this.#notes++}`, {
      kind: 'note',
      attempt,
      meta: { cited: cited.length },
      payload: encode(cited, `documents of "${this.#step}"`),
    })
  }
}
