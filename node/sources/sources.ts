import { existsSync } from 'node:fs'
import type { HookSays, LocalFields, SourceStatus } from '../../core/api.ts'
import type { Assistant } from '../../core/events.ts'
import type { Timers } from '../../core/timers.ts'
import { sessionIdOf } from './adapters.ts'
import { DatabaseIntake, type DatabaseIntakeOptions } from './database-intake.ts'
import { directoriesOf } from './directories.ts'
import { DocumentIntake } from './document-intake.ts'
import { FileIntake, type FileIntakeOptions } from './file-intake.ts'
import { HookIntake, type Opened } from './hooks.ts'
import { Locals } from './locals.ts'
import type { Adapter, Environment, Liveness } from './port.ts'
import type { IsAlive, Recorder } from './recorder.ts'
import type { TailProgress } from './tail.ts'
import { Tail } from './tail.ts'
import type { CursorStore } from './tail-port.ts'
import type { FolderWatch } from './tail-watch.ts'
import { watchFolder } from './tail-watch.ts'

/** How often silent sessions and processes that are gone are looked for. */
const TICK_MS = 5000
/** How often the readers of sessions that were not written to for a day are forgotten. */
const FORGET_EVERY_MS = 3_600_000
/** Sessions of the last day keep their titles and branches over a restart: their files are read again. */
const READ_AGAIN_MS = 86_400_000

export interface SourcesOptions {
  adapters: readonly Adapter[]
  /** Where each assistant's sessions are; one that is not set has its adapter's default. */
  directories: Partial<Record<Assistant, readonly string[]>>
  environment: Environment
  recorder: Recorder
  cursors: CursorStore
  timers: Timers
  /** How many of the files that were there have been read. */
  onProgress: (done: number, total: number) => void
  /** What a person should know, in a sentence. */
  onProblem: (path: string, message: string, remedy: string) => void
  /** What goes wrong in the background ends the node: it is a bug, or the node is stopping. */
  onError: (error: unknown) => void
}

/** One assistant on this machine. */
interface Source {
  adapter: Adapter
  directories: readonly string[]
  files: FileIntake
  documents: DocumentIntake
  databases: DatabaseIntake
  tail: Tail
  liveness: Liveness | null
}

/** The assistant whose hooks there are. */
const WITH_HOOKS: Assistant = 'claude'

/** Watches every assistant's sessions and has recorded what happens in them. */
export class Sources {
  readonly #options: SourcesOptions
  readonly #sources: readonly Source[]
  readonly #locals = new Locals()
  readonly #progress = new Map<Assistant, TailProgress>()
  readonly #watches = new Map<string, FolderWatch>()
  readonly #hooks: HookIntake | null
  #setStarted: () => void = () => undefined
  #stopTicking: () => void = () => undefined
  #stopForgetting: () => void = () => undefined
  #isCatchingUp = true
  #isClosed = false

  constructor(options: SourcesOptions) {
    this.#options = options
    this.#sources = options.adapters.map((adapter) => this.#source(adapter))
    this.#hooks = this.#hookIntake()
  }

  /** Reads what was there, then follows what happens. Resolves when what was there has been read. */
  async start(): Promise<void> {
    const { recorder } = this.#options
    await recorder.start()
    await Promise.all(this.#sources.map(({ tail }) => tail.start()))
    // What is not read to its end yet says nothing of how its sessions ended.
    if (this.#isClosed) return
    for (const { files, documents } of this.#sources) {
      await files.flush()
      await documents.flush()
    }
    await this.#pollProcesses()
    await recorder.goLive(this.isAlive)
    this.#isCatchingUp = false
    this.#setStarted()
    this.#forgetOld()
    this.#watchProcesses()
    this.#tickLater()
  }

  /** Stops reading; what was read is recorded, and each file's place is kept. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#hooks?.close()
    this.#stopTicking()
    this.#stopForgetting()
    await Promise.all([
      ...Array.from(this.#watches.values(), (watch) => watch.close()),
      ...this.#sources.map(({ tail }) => tail.close()),
    ])
    await Promise.all(this.#sources.map(({ databases }) => databases.close()))
  }

  status(): SourceStatus[] {
    return this.#sources.map(({ adapter, directories, tail }) => {
      const { files, folders, watched, progress, problems } = tail.status
      return {
        assistant: adapter.assistant,
        directories: [...directories],
        files,
        watching: folders === 0 ? 'none' : watched === folders ? 'events' : 'polling',
        backfill: this.#isCatchingUp ? { done: progress.filesDone, total: progress.files } : null,
        problems,
      }
    })
  }

  /** Lines of session files that were left out in this run, by reason. */
  get refused(): Record<string, number> {
    let invalid = 0
    let tooLong = 0
    for (const { files, tail } of this.#sources) {
      invalid += files.invalidLines
      tooLong += tail.status.skippedLines
    }
    return { ...(invalid > 0 && { invalid_line: invalid }), ...(tooLong > 0 && { line_too_long: tooLong }) }
  }

  /** What only this machine's owner sees of a session, by the id in events. */
  local(sessionId: string): LocalFields | undefined {
    return this.#locals.get(sessionId)
  }

  /** Takes what a hook says; what follows is recorded in the background. */
  hooked(says: HookSays, opened: Opened): void {
    this.#hooks?.take(says, opened).catch(this.#options.onError)
  }

  #hookIntake(): HookIntake | null {
    const source = this.#sources.find(({ adapter }) => adapter.assistant === WITH_HOOKS)
    if (!source) return null
    const { recorder, timers } = this.#options
    return new HookIntake({
      assistant: WITH_HOOKS,
      recorder,
      timers,
      liveness: source.liveness,
      started: new Promise((resolve) => (this.#setStarted = resolve)),
      readNow: async (sessionId) => {
        const isOfSession = (path: string) => path.split(/[\\/]|\.jsonl$/).includes(sessionId)
        await source.tail.readNow(isOfSession)
        await source.files.flush(isOfSession)
      },
      pollProcesses: () => this.#pollProcesses(),
    })
  }

  #source(adapter: Adapter): Source {
    const { environment, recorder, cursors, timers, onProblem, onError } = this.#options
    const directories = directoriesOf(adapter, this.#options.directories, environment)
    const options: FileIntakeOptions & DatabaseIntakeOptions = {
      adapter,
      sessionIdOf,
      record: (drafts) => recorder.record(drafts),
      onLocal: (sessionId, local) =>
        this.#locals.update(recorder.sessionId(adapter.assistant, sessionId), local),
      dealtWith: (path) => tail.dealtWith(path, Infinity),
      onError,
      timers,
    }
    const files = new FileIntake(options)
    const documents = new DocumentIntake(options)
    const databases = new DatabaseIntake(options)
    const roots = directories.flatMap((directory) => adapter.watched(directory))
    const tail: Tail = new Tail({
      roots: roots.map((directory) => ({
        directory,
        formOf: (relative) => adapter.formOf(relative),
        enters: (relative) => adapter.enters?.(relative) ?? true,
      })),
      cursors,
      sink: files,
      documents,
      databases,
      readAgainMs: READ_AGAIN_MS,
      timers,
      problems: { problem: onProblem, solved: () => undefined },
      onProgress: (progress) => {
        this.#progress.set(adapter.assistant, progress)
        this.#tellProgress()
      },
    })
    const liveness = adapter.liveness?.(directories) ?? null
    return { adapter, directories, files, documents, databases, tail, liveness }
  }

  /** A session is of one assistant: whoever knows it to live, or to be gone, is right. */
  readonly isAlive: IsAlive = (sessionId) => {
    const answers = this.#sources.map(({ liveness }) => liveness?.isAlive(sessionId))
    return answers.find((answer) => answer === true) ?? answers.find((answer) => answer === false)
  }

  #tellProgress(): void {
    let done = 0
    let total = 0
    for (const { files, filesDone } of this.#progress.values()) {
      done += filesDone
      total += files
    }
    this.#options.onProgress(done, total)
  }

  #tickLater(): void {
    this.#stopTicking = this.#options.timers.after(TICK_MS, () => {
      this.#tick().then(() => {
        if (!this.#isClosed) this.#tickLater()
      }, this.#options.onError)
    })
  }

  async #tick(): Promise<void> {
    this.#watchProcesses()
    await this.#pollProcesses()
    await this.#options.recorder.tick(this.isAlive)
  }

  async #pollProcesses(): Promise<void> {
    for (const { liveness } of this.#sources) {
      if (liveness) await this.#options.recorder.recordOfProcesses(await liveness.poll())
    }
  }

  #forgetOld(): void {
    for (const { tail } of this.#sources) tail.forgetOld()
    this.#stopForgetting = this.#options.timers.after(FORGET_EVERY_MS, () => this.#forgetOld())
  }

  /** So that a question is seen at once; a folder that cannot be watched, or is not there yet, is looked at each tick. */
  #watchProcesses(): void {
    const changed = () => void this.#pollProcesses().catch(this.#options.onError)
    for (const folder of this.#sources.flatMap(({ liveness }) => liveness?.watched ?? [])) {
      if (this.#watches.has(folder) || !existsSync(folder)) continue
      const failed = () => void this.#watches.delete(folder)
      this.#watches.set(folder, watchFolder(folder, { changed, failed }))
    }
  }
}
