import type { DestinationStream, Logger as Pino } from 'pino'
import pino from 'pino'
import { VibeTeaError } from '../../core/errors.ts'
import type { Settings } from './settings.ts'

/**
 * Logs one JSON object a line. Callers log counts, ids, codes and files of VibeTea, never what stands in a session file;
 * errors are cut down to what cannot quote one.
 */
export type Logger = Pick<Pino, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'child'>

/** `destination` is stderr where none is given, written at once, so that the last words of a crash are there. */
export function createLogger(
  level: Settings['logLevel'],
  destination: DestinationStream = pino.destination({ fd: 2, sync: true }),
): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError, error: describeError },
    },
    destination,
  )
}

/** A SyntaxError quotes the text that could not be parsed, which may be a session's: its message is left out. */
function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { name: typeof error }
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {}
  if (error instanceof VibeTeaError) return { name: error.name, ...code, message: error.sentence }
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  const message = error instanceof SyntaxError ? {} : { message: error.message }
  return { name: error.name, ...code, ...message, frames: frames.map((line) => line.trim()) }
}
