/** What is erased: a whole run, or everything that is about a subject (by token). */
export type Target = { readonly run: number } | { readonly subject: string }
