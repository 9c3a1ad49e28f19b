import type { Timers } from '../../core/timers.ts'
import { byBeginning } from './file-order.ts'
import { polledFileSystem } from './file-systems.ts'
import type { Form } from './port.ts'
import { CursorKeeper } from './tail-cursors.ts'
import { TailedDatabase } from './tail-database.ts'
import { TailedDocument } from './tail-document.ts'
import type { FileHost, TailedFile } from './tail-file.ts'
import type { TailRoot } from './tail-folder.ts'
import { Folders } from './tail-folders.ts'
import { TailedLines } from './tail-lines.ts'
import type {
  Cursor,
  CursorStore,
  DatabaseSink,
  DocumentSink,
  LineSink,
  ProblemReporter,
} from './tail-port.ts'
import { isAbsent, Problems, type Problem } from './tail-problems.ts'
import { VisitQueue } from './tail-queue.ts'
import { Sweeper, SWEEP_MS } from './tail-sweep.ts'
import { watchFolder, type WatchFolder } from './tail-watch.ts'

export interface TailOptions {
  readonly roots: readonly TailRoot[]
  readonly cursors: CursorStore
  readonly sink: LineSink
  readonly documents: DocumentSink
  readonly databases: DatabaseSink
  readonly problems: ProblemReporter
  /** How the reading of what lay there at the start comes along; called after each piece read. */
  readonly onProgress?: (progress: TailProgress) => void
  /**
   * Files that were written to within so many ms before the start are read from their beginning, though nothing in
   * them is new: what their readers know is there then, and the next line is read without delay. None where absent.
   */
  readonly readAgainMs?: number
  readonly timers: Timers
  readonly watchFolder?: WatchFolder
  readonly polledFileSystem?: typeof polledFileSystem
}

/** Of what lay there at the start and was not dealt with in an earlier run. */
export interface TailProgress {
  files: number
  filesDone: number
  bytes: number
  bytesDone: number
}

export interface TailStatus {
  files: number
  folders: number
  /** Of the folders, those that the system tells of; the others are polled. */
  watched: number
  /** Kinds of file systems because of which folders are polled. */
  polledKinds: string[]
  /** Whether what lay there at the start has been read. */
  caughtUp: boolean
  progress: TailProgress
  /** Lines that were longer than MAX_LINE_BYTES. */
  skippedLines: number
  problems: Problem[]
}

const CHUNK_BYTES = 256 * 1024
/** Stands for a path where the cursor store is what fails. */
const PLACES = 'cursors'

/**
 * Follows session files: hands each line, document or change of a database to its sink. First what lay there at the
 * start, a file after the other, those that began earlier first; then what is written, as soon as the system tells of
 * it. Keeps its place in the cursor store.
 */
export class Tail implements FileHost {
  readonly sink: LineSink
  readonly documents: DocumentSink
  readonly databases: DatabaseSink
  readonly timers: Timers
  stopping = false

  readonly #options: TailOptions
  readonly #problems: Problems
  readonly #cursors: CursorKeeper
  readonly #folders: Folders
  readonly #sweeper: Sweeper
  readonly #queue = new VisitQueue<TailedFile>((file) => this.#visit(file))
  readonly #buffers: Buffer[] = []
  /** From earlier runs, of files not yet seen in this one. */
  #earlier = new Map<string, Cursor>()
  /** What is found before reading begins; null afterwards. */
  #found: Set<TailedFile> | null = new Set()
  #caughtUp = false
  #skippedLines = 0
  #progress: TailProgress = { files: 0, filesDone: 0, bytes: 0, bytesDone: 0 }
  /** Files that are to be visited again later, with how to call it off. */
  readonly #later = new Map<TailedFile, () => void>()
  #cancelSweep: () => void = () => undefined
  #sweeping: Promise<void> = Promise.resolve()

  constructor(options: TailOptions) {
    this.#options = options
    this.sink = options.sink
    this.documents = options.documents
    this.databases = options.databases
    this.timers = options.timers
    this.#problems = new Problems(options.problems, this.timers)
    this.#cursors = new CursorKeeper(options.cursors, this.timers, (error) => this.#placesSaved(error))
    const changed = (file: TailedFile) => this.#changed(file)
    this.#folders = new Folders({
      problems: this.#problems,
      watchFolder: options.watchFolder ?? watchFolder,
      polledFileSystem: options.polledFileSystem ?? polledFileSystem,
      makeFile: (path, form) => this.#makeFile(path, form),
      seen: (file) => this.#seen(file),
      changed,
    })
    this.#sweeper = new Sweeper({
      now: () => this.timers.now(),
      problems: this.#problems,
      roots: options.roots,
      folders: this.#folders,
      changed,
    })
  }

  get status(): TailStatus {
    const folders = this.#folders.all
    const kinds = folders.flatMap(({ polledKind }) => polledKind ?? [])
    return {
      files: this.#folders.fileCount,
      folders: folders.length,
      watched: folders.filter(({ watch }) => watch).length,
      polledKinds: [...new Set(kinds)],
      caughtUp: this.#caughtUp,
      progress: { ...this.#progress },
      skippedLines: this.#skippedLines,
      problems: this.#problems.list,
    }
  }

  /** Begins to follow; settles when everything that is there now has been handed to the sink and its place saved. */
  async start(): Promise<void> {
    for (const cursor of await this.#options.cursors.load()) this.#earlier.set(cursor.path, cursor)
    await Promise.all(this.#options.roots.map((root) => this.#folders.openRoot(root)))
    const found = [...(this.#found ?? [])].sort(byBeginning)
    this.#found = null
    this.#dropCursorsOfMissingFiles()
    this.#progress.files = found.length
    this.#progress.bytes = found.reduce((sum, file) => sum + file.size, 0)
    this.#sweepSoon()
    await this.#queue.visitAll(found)
    this.#caughtUp = !this.stopping
    await this.#cursors.flush()
  }

  /** Lets the pieces being read be taken, saves the places and stops. Rejects where they cannot be saved. */
  async close(): Promise<void> {
    this.stopping = true
    this.#cancelSweep()
    for (const cancel of this.#later.values()) cancel()
    await Promise.all([this.#folders.close(), this.#queue.stop(), this.#sweeping])
    await this.#cursors.flush()
  }

  /** The sink has now dealt with what it held: everything of the file before `offset`, as `LineSink.lines` answers. */
  dealtWith(path: string, offset: number): void {
    this.#folders.file(path)?.dealtWith(offset, this)
  }

  /** Reads the files that are wanted and have been seen to their present end; what goes wrong is a problem as ever. */
  async readNow(isWanted: (path: string) => boolean): Promise<void> {
    if (this.stopping || this.#found) return
    const files = [...this.#folders.files].filter(({ path }) => isWanted(path) && this.#problems.isDue(path))
    await this.#queue.visitAll(files)
  }

  isReadAgain(file: TailedFile): boolean {
    return !this.#caughtUp && this.timers.now() - file.mtimeMs < (this.#options.readAgainMs ?? -Infinity)
  }

  /**
   * Lets the sink forget the files that were not written to for `readAgainMs`: what their readers know takes memory,
   * and should one grow after all, it is read from its beginning again.
   */
  forgetOld(): void {
    const oldest = this.timers.now() - (this.#options.readAgainMs ?? Infinity)
    for (const file of this.#folders.files) {
      if (file.mtimeMs < oldest && !this.#queue.isBusy(file)) file.forget(this)
    }
  }

  moved(file: TailedFile): void {
    this.#cursors.moved(file.path, () => file.cursor)
  }

  advanced(bytes: number, skippedLines: number): void {
    this.#skippedLines += skippedLines
    if (this.#caughtUp) return
    this.#progress.bytesDone = Math.min(this.#progress.bytes, this.#progress.bytesDone + bytes)
    this.#options.onProgress?.({ ...this.#progress })
  }

  again(file: TailedFile, ms: number): void {
    if (this.stopping) return
    this.#later.get(file)?.()
    const visit = () => {
      this.#later.delete(file)
      this.#changed(file)
    }
    this.#later.set(file, this.timers.after(ms, visit))
  }

  #makeFile(path: string, form: Form): TailedFile {
    const cursor = this.#earlier.get(path)
    this.#earlier.delete(path)
    switch (form) {
      case 'lines':
        return new TailedLines(path, cursor)
      case 'document':
        return new TailedDocument(path, cursor)
      case 'database':
        return new TailedDatabase(path, cursor)
    }
  }

  /** A root that is not there now, a drive perhaps, keeps the places of its files. */
  #dropCursorsOfMissingFiles(): void {
    for (const path of this.#earlier.keys()) if (this.#folders.isMissing(path)) this.#cursors.removed(path)
  }

  #placesSaved(error: unknown): void {
    if (error === undefined) this.#problems.solve(PLACES)
    else if (error instanceof Error) {
      const message = `How far session files have been read cannot be saved: ${error.message}.`
      this.#problems.add(PLACES, message, 'It is tried again by itself; is the disk full?')
    }
  }

  #seen(file: TailedFile): void {
    if (file.isUnchanged && !this.isReadAgain(file)) this.#sweeper.touched(file, file.mtimeMs)
    else this.#changed(file)
  }

  #changed(file: TailedFile): void {
    if (this.stopping || !this.#problems.isDue(file.path)) return
    this.#sweeper.touched(file, this.#found ? file.mtimeMs : this.timers.now())
    if (this.#found) this.#found.add(file)
    else this.#queue.request(file)
  }

  async #visit(file: TailedFile): Promise<void> {
    // Dropped while this visit was asked for: what has come in its place is a file of its own.
    if (this.#folders.file(file.path) !== file) return this.#folders.retry(file.path)
    const buffer = this.#buffers.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES)
    try {
      await file.read(this, buffer)
      this.#problems.solve(file.path)
    } catch (error) {
      this.#problems.failed(file.path, error)
      if (isAbsent(error)) this.#drop(file)
    }
    this.#buffers.push(buffer)
    if (this.#caughtUp) return
    this.#progress.filesDone = Math.min(this.#progress.files, this.#progress.filesDone + 1)
    this.#options.onProgress?.({ ...this.#progress })
  }

  #drop(file: TailedFile): void {
    file.forget(this)
    this.#folders.dropFile(file)
    this.#cursors.removed(file.path)
  }

  #sweepSoon(): void {
    if (this.stopping) return
    this.#cancelSweep = this.timers.after(SWEEP_MS, () => {
      this.#sweeping = this.#sweeper.sweep().then(() => this.#sweepSoon())
    })
  }
}
