/** A question, and how a strong and a weak model answered it. */
export interface Question {
  readonly prompt: string
  readonly strong: { readonly text: string; readonly correct: boolean }
  readonly weak: { readonly text: string; readonly correct: boolean }
}
