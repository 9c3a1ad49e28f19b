/** Something a person did or can mend. The CLI prints it, the API maps it to a status; everything else is a bug. */
export class VibeTeaError extends Error {
  override readonly name = 'VibeTeaError'
  /** Stable, for programs: `port_in_use`, `invalid_setting`, … */
  readonly code: string
  /** What to do next, a sentence. */
  readonly remedy: string

  constructor(code: string, message: string, remedy = '', options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.remedy = remedy
  }

  /** The message and the remedy as a person reads them. */
  get sentence(): string {
    return this.remedy ? `${this.message} ${this.remedy}` : this.message
  }
}
