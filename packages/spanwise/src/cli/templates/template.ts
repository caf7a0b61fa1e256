/** A workflow to begin with. Its text is TypeScript and JavaScript at once: schemas carry the types. */
export interface Template {
  readonly name: string
  readonly says: string
  /** name of the export and of the file */
  readonly workflow: string
  readonly code: string
  /** body of a test of it */
  readonly test: string
  /** what follows `spanwise run` */
  readonly run: string
}
