/** A store that had less than what had been acknowledged from it. */
export interface OlderNote {
  /** when that was seen, ISO 8601 */
  readonly seen: string
  /** entries in the log when it was seen, and how many there had been at least */
  readonly position: number
  readonly acknowledged: number
  readonly acknowledgedAt: string
}
