import { printable } from '../../core/printable.ts'
import type { Timers } from '../../core/timers.ts'
import type { ProblemReporter } from './tail-port.ts'

export interface Problem {
  path: string
  message: string
  remedy: string
}

/** A file or folder that cannot be used as it is. */
export class Unusable extends Error {
  override readonly name = 'Unusable'
  readonly remedy: string
  /** Whether trying again before something changes is no use. */
  readonly isLasting: boolean

  constructor(
    message: string,
    remedy: string,
    { isLasting = false, ...options }: ErrorOptions & { isLasting?: boolean } = {},
  ) {
    super(message, options)
    this.remedy = remedy
    this.isLasting = isLasting
  }
}

const FIRST_RETRY_MS = 1000
const LAST_RETRY_MS = 60_000

/** What is wrong with which path: told once, and again when it changes; and when to try again. */
export class Problems {
  readonly #reporter: ProblemReporter
  readonly #timers: Timers
  readonly #entries = new Map<string, Problem & { retryMs: number; retryAt: number }>()

  constructor(reporter: ProblemReporter, timers: Timers) {
    this.#reporter = reporter
    this.#timers = timers
  }

  /** What is wrong now, as it may be shown. */
  get list(): Problem[] {
    return Array.from(this.#entries.values(), ({ path, message, remedy }) => ({
      path: printable(path),
      message: printable(message),
      remedy,
    }))
  }

  /**
   * Notes that the path could not be used; the next try comes after twice as long as the last, or, where it is lasting,
   * with the next change.
   */
  add(path: string, message: string, remedy: string, isLasting = false): void {
    const known = this.#entries.get(path)
    const retryMs = known ? Math.min(known.retryMs * 2, LAST_RETRY_MS) : FIRST_RETRY_MS
    const retryAt = isLasting ? -Infinity : this.#timers.now() + retryMs
    this.#entries.set(path, { path, message, remedy, retryMs, retryAt })
    if (known?.message !== message) this.#reporter.problem(path, message, remedy)
  }

  /** Notes what an attempt to use the path threw; nothing where it is simply not there. Throws what is a bug. */
  failed(path: string, error: unknown): void {
    if (error instanceof Unusable) this.add(path, error.message, error.remedy, error.isLasting)
    else if (isAbsent(error)) this.solve(path)
    else if (isSystemError(error)) this.failed(path, describeError(path, error))
    else throw error
  }

  solve(path: string): void {
    if (this.#entries.delete(path)) this.#reporter.solved(path)
  }

  has(path: string): boolean {
    return this.#entries.has(path)
  }

  /** Whether the path may be tried now. */
  isDue(path: string): boolean {
    return (this.#entries.get(path)?.retryAt ?? 0) <= this.#timers.now()
  }

  /** What is to be tried again now. */
  due(): string[] {
    const now = this.#timers.now()
    const entries = [...this.#entries.values()]
    return entries.filter(({ retryAt }) => retryAt > -Infinity && retryAt <= now).map(({ path }) => path)
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}

/** Whether an error says that nothing is at the path. */
export function isAbsent(error: unknown): boolean {
  return isSystemError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}

/** The sentence for an error of the system on reading `path`, with what to do. */
function describeError(path: string, error: NodeJS.ErrnoException): Unusable {
  switch (error.code) {
    case 'EACCES':
    case 'EPERM':
      return new Unusable(`VibeTea may not read ${path}.`, 'Give your user the right to read it.')
    case 'ELOOP':
      return new Unusable(`${path} is a symbolic link that leads back to itself.`, 'Remove the link.')
    case 'EMFILE':
    case 'ENFILE':
      return new Unusable(`Too many files are open to read ${path}.`, 'Raise the limit: ulimit -n 4096')
    default:
      return new Unusable(`${path} cannot be read: ${error.message}.`, 'It is tried again by itself.')
  }
}

const KINDS = [
  ['isDirectory', 'a directory'],
  ['isFIFO', 'a named pipe'],
  ['isSocket', 'a socket'],
  ['isCharacterDevice', 'a device'],
  ['isBlockDevice', 'a device'],
] as const

/** The sentence for something that has a session file's name and is not a file. */
export function notAFile(path: string, stats: Record<(typeof KINDS)[number][0], () => boolean>): Unusable {
  const kind = KINDS.find(([is]) => stats[is]())?.[1] ?? 'of an unknown kind'
  return new Unusable(`${path} is ${kind}, not a session file.`, 'Move it elsewhere if it is in the way.')
}
