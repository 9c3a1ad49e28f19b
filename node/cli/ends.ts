import { VibeTeaError } from '../../core/errors.ts'

/** A command line that asks for something impossible, such as an answer where nobody can be asked: exit code 2. */
export class UsageError extends VibeTeaError {
  constructor(message: string, remedy: string) {
    super('wrong_usage', message, remedy)
  }
}

/** A person who was asked gave no answer: exit code 130. Nothing has been done by then. */
export class Cancelled extends VibeTeaError {
  constructor() {
    super('cancelled', 'Cancelled: nothing was changed.')
  }
}
