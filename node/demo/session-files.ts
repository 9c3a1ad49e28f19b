import { appendFile, mkdir, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Sitting } from './history.ts'
import type { Script, Turn } from './script.ts'
import type { Entry } from './transcript.ts'
import { transcriptLength, transcriptOf, uuidFrom } from './transcript.ts'

/** Where a person's sessions and clones are. */
export interface Place {
  /** The configuration directory of Claude Code. */
  claude: string
  /** The folder of the clones. */
  code: string
}

/** One session and its files. */
export class SessionFiles {
  readonly sessionId: string
  readonly entries: readonly Entry[]
  readonly #claude: string
  readonly #base: string
  readonly #cwd: string
  readonly #made = new Set<string>()

  constructor(place: Place, script: Script, turns: readonly Turn[], hex: (digits: number) => string) {
    const { repository, title, model, branch } = script
    this.sessionId = uuidFrom(hex)
    this.#cwd = join(place.code, repository)
    this.#claude = place.claude
    this.#base = join(place.claude, 'projects', this.#cwd.replace(/[^A-Za-z0-9]/g, '-'), this.sessionId)
    this.entries = transcriptOf(turns, {
      sessionId: this.sessionId,
      title,
      model,
      branch,
      cwd: this.#cwd,
      pathOf: (file) => join(this.#cwd, ...file.split('/')),
      hex,
    })
  }

  /** Writes an entry as of `at` (ms since 1970); a process's file is numbered. */
  async write(entry: Entry, at: number, process: { number: number; pid: number }): Promise<void> {
    if (entry.kind === 'line') {
      await this.#append(this.#pathOf(entry.agentId), lineOf(entry, at))
      return
    }
    const { status } = entry
    const waitingFor = status === 'waiting' ? { waitingFor: 'permission prompt' } : {}
    const state = { pid: process.pid, sessionId: this.sessionId, cwd: this.#cwd, status, ...waitingFor }
    const path = join(this.#claude, 'sessions', `${process.number}.json`)
    await writeFile(path, JSON.stringify({ ...state, statusUpdatedAt: at, updatedAt: at }))
  }

  /** Writes all of it as something that is over; the sittings have its turns. */
  async writeAll(sittings: readonly Sitting[]): Promise<void> {
    const starts = sittings.map((_, i) =>
      transcriptLength(sittings.slice(0, i).flatMap(({ turns }) => turns)),
    )
    const texts = new Map<string, { text: string; lastAt: number }>()
    for (const entry of this.entries) {
      if (entry.kind !== 'line') continue
      const path = this.#pathOf(entry.agentId)
      const sitting = starts.findLastIndex((atS) => atS <= entry.atS)
      const { startedAt, stretch } = sittings[sitting]!
      const at = startedAt + (entry.atS - starts[sitting]!) * 1000 * stretch
      texts.set(path, { text: (texts.get(path)?.text ?? '') + lineOf(entry, at), lastAt: at })
    }
    for (const [path, { text, lastAt }] of texts) {
      await this.#append(path, text)
      await utimes(path, lastAt / 1000, lastAt / 1000)
    }
  }

  #pathOf(agentId: string | null): string {
    return agentId === null ? `${this.#base}.jsonl` : join(this.#base, 'subagents', `agent-${agentId}.jsonl`)
  }

  async #append(path: string, text: string): Promise<void> {
    if (!this.#made.has(path)) await mkdir(dirname(path), { recursive: true })
    this.#made.add(path)
    await appendFile(path, text)
  }
}

function lineOf({ record, isDated }: Extract<Entry, { kind: 'line' }>, at: number): string {
  const dated = isDated ? { ...record, timestamp: new Date(at).toISOString() } : record
  return `${JSON.stringify(dated)}\n`
}
