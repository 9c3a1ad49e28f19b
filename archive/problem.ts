import { VibeTeaError } from '../core/errors.ts'
import { quoted } from '../core/printable.ts'

const withMessage = (sentence: string, message: string | null) => {
  const said = quoted(message ?? '')
  return said === '' ? sentence : `${sentence} It says: “${said}”`
}

/** Why an archive does not take calls as they are, and who has to do what, by the status of its answer. */
export function refusal(status: number, message: string | null): VibeTeaError {
  const sentence =
    status < 400
      ? `The archive answers with a redirect (${status}), which is not followed.`
      : `The archive does not take what is sent (${status}).`
  return new VibeTeaError('archive_refused', withMessage(sentence, message), remedyOf(status))
}

function remedyOf(status: number): string {
  switch (status) {
    case 401:
    case 403:
      return 'See that VIBETEA_SUPABASE_KEY is the project’s publishable key.'
    case 404:
    case 405:
      return 'See that VIBETEA_SUPABASE_URL is where the functions are, and that they are deployed.'
    default:
      return 'See that VIBETEA_SUPABASE_URL is where the functions are, and of the same version as this node.'
  }
}

/** An archive that failed, by the status of its answer. */
export function failure(status: number, message: string | null): VibeTeaError {
  const sentence = withMessage(`The archive answered ${status}.`, message)
  return new VibeTeaError('archive_failed', sentence, 'Nothing is lost; it is tried again by itself.')
}

/** An answer that does not say what became of the call. */
export function unreadable(status: number): VibeTeaError {
  return new VibeTeaError(
    'archive_unreadable',
    `The archive’s answer (${status}) is not one that this version understands.`,
    'See that VIBETEA_SUPABASE_URL is where its functions are.',
  )
}

/** An archive that did not answer in so many ms. */
export function silence(ms: number): VibeTeaError {
  return new VibeTeaError(
    'archive_unreachable',
    `The archive has not answered within ${ms / 1000} s.`,
    'Nothing is lost; it is tried again by itself.',
  )
}

/** An archive that could not be reached, for what the system said. */
export function unreachable(cause: unknown): VibeTeaError {
  const why = quoted(innermost(cause))
  return new VibeTeaError(
    'archive_unreachable',
    `The archive does not answer${why && `: ${why}`}.`,
    'See whether VIBETEA_SUPABASE_URL can be reached from here. Nothing is lost; it is tried again by itself.',
    { cause },
  )
}

function innermost(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.cause instanceof Error) return innermost(error.cause)
  // An AggregateError, as where several addresses were tried, has a code and no message.
  const { code } = error as { code?: unknown }
  return error.message || (typeof code === 'string' ? code : '')
}
