import { appendFile, mkdir, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ClaudeTranscript } from './claude-transcript.ts'
import { CodexTranscript } from './codex-transcript.ts'
import { GeminiTranscript } from './gemini-transcript.ts'
import type { Sitting } from './history.ts'
import type { DemoAssistant, Script, Turn } from './script.ts'
import type { Entry, Transcript, TranscriptOptions } from './transcript.ts'
import { entriesOf, NOW, transcriptLength, uuidFrom } from './transcript.ts'

/** Where a person's sessions and clones are. */
export interface Place {
  home: string
  /** The folder of the clones. */
  code: string
}

/** How an assistant keeps sessions. */
interface Keeping {
  transcript: new (options: TranscriptOptions) => Transcript
  /** The file of a session, or of one of its subagents, below the home. */
  path: (session: SessionFiles, agentId: string | null) => string
}

const KEEPINGS: Record<DemoAssistant, Keeping> = {
  claude: {
    transcript: ClaudeTranscript,
    path: ({ sessionId, cwd }, agentId) => {
      const base = join('.claude', 'projects', cwd.replace(/[^A-Za-z0-9]/g, '-'), sessionId)
      return agentId === null ? `${base}.jsonl` : join(base, 'subagents', `agent-${agentId}.jsonl`)
    },
  },
  codex: {
    transcript: CodexTranscript,
    path: ({ sessionId, startedAt }) => {
      const [date, time] = new Date(startedAt).toISOString().slice(0, 19).split('T') as [string, string]
      const name = `rollout-${date}T${time.replaceAll(':', '-')}-${sessionId}.jsonl`
      return join('.codex', 'sessions', ...date.split('-'), name)
    },
  },
  gemini: {
    transcript: GeminiTranscript,
    path: ({ sessionId, repository, startedAt }) => {
      const time = new Date(startedAt).toISOString().slice(0, 16).replace(':', '-')
      return join('.gemini', 'tmp', repository, 'chats', `session-${time}-${sessionId.slice(0, 8)}.jsonl`)
    },
  },
}

/** One session and its files. */
export class SessionFiles {
  readonly sessionId: string
  readonly repository: string
  readonly cwd: string
  readonly entries: readonly Entry[]
  /** ms since 1970; when the first of it is written. */
  startedAt = 0
  readonly #home: string
  readonly #assistant: DemoAssistant
  readonly #made = new Set<string>()

  constructor(place: Place, script: Script, turns: readonly Turn[], hex: (digits: number) => string) {
    const { assistant, repository, title, model, branch } = script
    this.sessionId = uuidFrom(hex)
    this.repository = repository
    this.cwd = join(place.code, repository)
    this.#home = place.home
    this.#assistant = assistant
    const { transcript: AssistantTranscript } = KEEPINGS[assistant]
    const transcript = new AssistantTranscript({
      sessionId: this.sessionId,
      title,
      model,
      branch,
      cwd: this.cwd,
      pathOf: (file) => join(this.cwd, ...file.split('/')),
      hex,
    })
    this.entries = entriesOf(turns, transcript)
  }

  /** Writes an entry as of `at` (ms since 1970); a process's file is numbered. */
  async write(entry: Entry, at: number, process: { number: number; pid: number }): Promise<void> {
    this.startedAt ||= at
    if (entry.kind === 'line') {
      await this.#append(this.#pathOf(entry.agentId), lineOf(entry, at))
      return
    }
    const { status } = entry
    const waitingFor = status === 'waiting' ? { waitingFor: 'permission prompt' } : {}
    const state = { pid: process.pid, sessionId: this.sessionId, cwd: this.cwd, status, ...waitingFor }
    const path = join(this.#home, '.claude', 'sessions', `${process.number}.json`)
    await writeFile(path, JSON.stringify({ ...state, statusUpdatedAt: at, updatedAt: at }))
  }

  /** Writes all of it as something that is over; the sittings have its turns. */
  async writeAll(sittings: readonly Sitting[]): Promise<void> {
    const starts = sittings.map((_, i) =>
      transcriptLength(sittings.slice(0, i).flatMap(({ turns }) => turns)),
    )
    this.startedAt = sittings[0]!.startedAt
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
    return join(this.#home, KEEPINGS[this.#assistant].path(this, agentId))
  }

  async #append(path: string, text: string): Promise<void> {
    if (!this.#made.has(path)) await this.#make(path)
    this.#made.add(path)
    await appendFile(path, text)
  }

  /** Gemini CLI says in a file of its own where a project is. */
  async #make(path: string): Promise<void> {
    await mkdir(dirname(path), { recursive: true })
    if (this.#assistant === 'gemini') await writeFile(join(dirname(path), '..', '.project_root'), this.cwd)
  }
}

const STAMP = JSON.stringify(NOW)

function lineOf({ record }: Extract<Entry, { kind: 'line' }>, at: number): string {
  return `${JSON.stringify(record).replaceAll(STAMP, JSON.stringify(new Date(at).toISOString()))}\n`
}
