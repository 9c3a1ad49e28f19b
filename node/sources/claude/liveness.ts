import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { WaitingReason } from '../../../core/events.ts'
import type { Draft } from '../../../core/rule.ts'
import { isFields } from '../json-line.ts'
import type { Liveness } from '../port.ts'

/** What the file of a process says, as far as it is taken. */
interface ProcessState {
  pid: number
  sessionId: string
  /** When it last said anything of its status, ms; null where it does not tell. */
  since: number | null
  /** null where it does not say that it waits for a person. */
  waiting: WaitingReason | null
  /** Whether it would say so. */
  tellsWaits: boolean
}

export interface ClaudeLivenessOptions {
  /** The `sessions` folders. */
  directories: readonly string[]
  isProcessAlive?: (pid: number) => boolean
}

/** What a process waits for, in its own words (seen in versions 2.1.139 to 2.1.278). Other words mean nothing. */
const REASONS: Readonly<Record<string, WaitingReason>> = {
  'permission prompt': 'permission',
  'sandbox request': 'permission',
  'input needed': 'question',
  'answer a question': 'question',
  'dialog open': 'unknown',
}

/** Larger files are not of this kind. */
const MAX_BYTES = 64 * 1024

/**
 * Claude Code keeps `<config>/sessions/<pid>.json` for each running process since 2.1.139, removed when it exits in
 * order. Only the session's id, the process's, the status and its time are taken.
 */
export class ClaudeLiveness implements Liveness {
  readonly watched: readonly string[]
  /** Whether there is a folder in which processes would be. */
  #tells = false
  readonly #isProcessAlive: (pid: number) => boolean
  /** By the file in which the process tells. */
  #states = new Map<string, ProcessState>()
  /** The wait of each session that was told of last, so that each is told once, and that it is over. */
  readonly #told = new Map<string, string>()

  constructor({ directories, isProcessAlive = isRunning }: ClaudeLivenessOptions) {
    this.watched = directories
    this.#isProcessAlive = isProcessAlive
  }

  async poll(): Promise<Draft[]> {
    const folders = (await Promise.all(this.watched.map(readFolder))).filter((files) => files !== null)
    this.#tells = folders.length > 0
    const states = new Map<string, ProcessState>()
    for (const [path, read] of folders.flat()) {
      // One that is just being written says what it said before.
      const state = read ?? this.#states.get(path)
      if (state && this.#isProcessAlive(state.pid)) states.set(path, state)
    }
    this.#states = states
    return [...states.values()].flatMap((state) => this.#news(state))
  }

  isAlive(sessionId: string): boolean | undefined {
    if (!this.#tells) return undefined
    return this.#living(sessionId).length > 0
  }

  tellsWaits(sessionId: string): boolean {
    return this.#living(sessionId).some((state) => state.tellsWaits)
  }

  #living(sessionId: string): ProcessState[] {
    const ofSession = [...this.#states.values()].filter((state) => state.sessionId === sessionId)
    return ofSession.filter(({ pid }) => this.#isProcessAlive(pid))
  }

  /** A wait that was not told of yet, or that one that was is over. */
  #news({ sessionId, since, waiting }: ProcessState): Draft[] {
    const wait = waiting ? `${since} ${waiting}` : undefined
    if (since === null || wait === this.#told.get(sessionId)) return []
    if (wait) this.#told.set(sessionId, wait)
    else this.#told.delete(sessionId)
    // What follows from an answer may take a while to stand in the session's file.
    const reason = waiting ?? 'unknown'
    return [{ at: since, assistant: 'claude', sessionId, cwd: null, fact: { type: 'waiting', reason } }]
  }
}

/** Signal 0 only asks; a process of another user answers EPERM and lives. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** null where there is no such folder, as in versions before 2.1.139. */
async function readFolder(directory: string): Promise<[path: string, ProcessState | null][] | null> {
  let names: string[]
  try {
    names = await readdir(directory)
  } catch {
    return null
  }
  const files = names.filter((name) => /^\d{1,10}\.json$/.test(name)).map((name) => join(directory, name))
  return Promise.all(
    files.map(async (path): Promise<[string, ProcessState | null]> => [path, await readState(path)]),
  )
}

/** null where it is no such file, or is just being written. */
async function readState(path: string): Promise<ProcessState | null> {
  try {
    const text = await readFile(path, 'utf8')
    return text.length > MAX_BYTES ? null : stateOf(JSON.parse(text))
  } catch {
    // The process has ended meanwhile, or is just writing the file: the next change tells.
    return null
  }
}

function stateOf(value: unknown): ProcessState | null {
  if (!isFields(value)) return null
  const { pid, sessionId, status, waitingFor } = value
  if (!Number.isSafeInteger(pid) || (pid as number) <= 0 || typeof sessionId !== 'string') return null
  const since = [value.statusUpdatedAt, value.updatedAt].find(isTime) ?? null
  const waiting = status === 'waiting' ? reasonOf(waitingFor) : null
  const tellsWaits = since !== null && typeof status === 'string'
  return { pid: pid as number, sessionId, since, waiting, tellsWaits }
}

function reasonOf(word: unknown): WaitingReason {
  return typeof word === 'string' && Object.hasOwn(REASONS, word) ? REASONS[word]! : 'unknown'
}

const isTime = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0
