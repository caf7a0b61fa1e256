/** Where in a value something stands, as `result.items[3].parent`; text is made only when an error needs it. */
export interface Place {
  key(name: string): Place
  index(at: number): Place
  after(suffix: string): Place
  text(): string
}

const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u

export function place(root: string): Place {
  return make(() => root)
}

function make(text: () => string): Place {
  const after = (suffix: () => string): Place => make(() => text() + suffix())
  return {
    text,
    after: (suffix) => after(() => suffix),
    index: (at) => after(() => `[${at}]`),
    key: (name) => after(() => (identifier.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`)),
  }
}
