export interface StreamsSearch {
  /** the one that is open */
  readonly stream?: string
}

export function readStreamsSearch({ stream }: Record<string, unknown>): StreamsSearch {
  // a name of digits comes as a number
  return typeof stream === 'string' || typeof stream === 'number' ? { stream: String(stream) } : {}
}
