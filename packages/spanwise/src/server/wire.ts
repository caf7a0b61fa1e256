/** What a handler may return where the document says a text: what JSON makes texts of. */
export type Output<T> = unknown extends T
  ? unknown
  : T extends string
    ? T | (string extends T ? Date | bigint : never)
    : T extends readonly (infer Item)[]
      ? readonly Output<Item>[]
      : T extends object
        ? { readonly [Name in keyof T]: Output<T[Name]> }
        : T
