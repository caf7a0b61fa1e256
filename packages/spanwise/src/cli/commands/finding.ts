type State = 'good' | 'notice' | 'bad'

/** Something that the doctor looked at. */
export interface Finding {
  readonly what: string
  readonly state: State
  readonly says: string
  /** how to mend it */
  readonly mend?: string
}
