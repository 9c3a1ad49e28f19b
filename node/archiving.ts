import { Archiver } from '../archive/archiver.ts'
import type { ArchivedTeam } from '../archive/port.ts'
import type { ArchiveStatus } from '../core/api.ts'
import type { Timers } from '../core/timers.ts'
import type { Settings } from './home/settings.ts'
import type { State } from './home/state.ts'
import type { TeamFile } from './home/team-file.ts'
import { Listeners } from './log/stored-log.ts'
import { TeamLog } from './log/team-log.ts'
import type { TeamStore } from './log/team-store.ts'
import type { Roster } from './mesh/roster.ts'
import type { Notices } from './notices.ts'

/** An archive that takes nothing for so long is more than a restart of it. */
const PATIENCE_MS = 5 * 60_000

export interface ArchivingOptions {
  file: Pick<TeamFile, 'role'>
  settings: Pick<Settings, 'supabaseUrl' | 'supabaseKey' | 'supabaseBatchIntervalSecs' | 'supabaseRetryLimit'>
  state: Pick<State, 'team'>
  notices: Notices
  timers: Timers
  /** Gives that many random bytes. */
  random: (bytes: number) => Uint8Array
  /** For a bug: nothing is archived any more then. */
  onError: (error: unknown) => void
}

/** Of a team, what is archived of it. */
export interface ArchivedParts {
  roster: Pick<Roster, 'certificateOf' | 'records'>
  store: Pick<TeamStore, 'logs' | 'onLog'>
}

/** Copies a team's logs into the archive. */
export class Archiving {
  readonly #archiver: Archiver
  readonly #timers: Timers
  readonly #changed = new Listeners()
  readonly #stop: () => void
  /** ms since 1970; null while the archive takes what it is sent. */
  #failingSince: number | null = null

  constructor(url: string, parts: ArchivedParts, options: ArchivingOptions) {
    const { settings, state, notices, timers, random, onError } = options
    this.#timers = timers
    this.#stop = parts.store.onLog(() => this.#changed.call())
    this.#archiver = new Archiver({
      team: archivedTeam(parts, this.#changed),
      cursors: state.team.archivedAt(url),
      place: { url, key: settings.supabaseKey },
      fetch,
      timers,
      random: () => Buffer.from(random(4)).readUInt32LE() / 2 ** 32,
      intervalMs: settings.supabaseBatchIntervalSecs * 1000,
      retryLimit: settings.supabaseRetryLimit,
      say: (level, sentence) => notices.say(level, sentence),
      onChanged: () => this.#note(),
      onError,
    })
  }

  /** Follows every log from where it was; rejects where it cannot be read where that is. */
  start(): Promise<void> {
    return this.#archiver.start()
  }

  /** There may be other certificates or records. */
  learned(): void {
    this.#changed.call()
  }

  status(): ArchiveStatus {
    return this.#archiver.status()
  }

  /** Whether somebody has to look: the archive refuses what it is sent, or has taken nothing for 5 minutes. */
  get isDegraded(): boolean {
    this.#note()
    if (this.#failingSince === null) return false
    const isRefused = this.#archiver.status().state === 'refused'
    return isRefused || this.#timers.now() - this.#failingSince >= PATIENCE_MS
  }

  /** See `Archiver.drain`. */
  drain(signal?: AbortSignal): Promise<void> {
    return this.#archiver.drain(signal)
  }

  /** Sends what is left, for some seconds at most. */
  async close(): Promise<void> {
    this.#stop()
    await this.#archiver.close()
  }

  #note(): void {
    const { state } = this.#archiver.status()
    const isFailing = state === 'retrying' || state === 'refused'
    this.#failingSince = isFailing ? (this.#failingSince ?? this.#timers.now()) : null
  }
}

/** What copies a team's logs into the archive; null where none is set, or the team's key opens no log, which is said. */
export function archivingOf(parts: ArchivedParts, options: ArchivingOptions): Archiving | null {
  const { file, settings, notices } = options
  const { supabaseUrl } = settings
  if (supabaseUrl === null) return null
  if (file.role === 'mirror') {
    notices.say(
      'warning',
      'This node archives nothing, as a mirror key opens no log; it keeps and serves them. To archive give it a read-only key: vibetea invite --read-only.',
    )
    return null
  }
  return new Archiving(supabaseUrl, parts, options)
}

function archivedTeam({ roster, store }: ArchivedParts, changed: Listeners): ArchivedTeam {
  return {
    logs: () => store.logs(),
    certificateOf: (log) =>
      log instanceof TeamLog ? roster.certificateOf(log.device, log.incarnation) : null,
    records: () => roster.records(),
    onChange: (listener) => changed.add(listener),
  }
}
