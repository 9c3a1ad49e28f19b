import { VibeTeaError } from '../core/errors.ts'
import { startApi } from './api/server.ts'
import { Tokens } from './api/tokens.ts'
import { ArchiveHistory } from './archive/history.ts'
import { NodeBackend } from './backend.ts'
import { type Recording, recordingOf, TagKeys } from './device.ts'
import { ApiToken } from './home/api-token.ts'
import { eventsSince } from './history.ts'
import type { Logger } from './home/logger.ts'
import type { Settings } from './home/settings.ts'
import { Batcher } from './log/batcher.ts'
import type { Index } from './index/index.ts'
import { Membership } from './membership.ts'
import { pause, untilStored } from './log/retry.ts'
import { recordedIn } from './recorded.ts'
import { DAY_MS, forgetOld } from './retention.ts'
import { ADAPTERS } from './sources/adapters.ts'
import type { Environment } from './sources/port.ts'
import { Recorder } from './sources/recorder.ts'
import { Sources } from './sources/sources.ts'
import type { Closes, Stores } from './stores.ts'
import { closeAll, openStores } from './stores.ts'
import { systemTimers } from './system-timers.ts'
import { systemUtcOffsetAt } from './utc-offset.ts'
import { VERSION } from './version.ts'

const INDEX_RETRY_MS = 5000

export interface NodeOptions {
  settings: Settings
  environment: Environment
  log: Logger
  /** The built dashboard. */
  uiDirectory: string
  /** Whether session files are looked for and recorded. */
  watches: boolean
  /** Whether the team's logs are copied into the archive, where one is set. */
  archives: boolean
  /** Gives that many random bytes. */
  random: (bytes: number) => Uint8Array
  /** How far the clock on the person's wall is ahead of UTC at a time (ms), in minutes; where not given, the system's. */
  utcOffsetAt?: (ms: number) => number
  /** How many of the session files that were there have been read. */
  onProgress: (done: number, total: number) => void
}

/** One developer's node: watches, records, indexes and answers on localhost. The place where the folders meet. */
export class VibeTeaNode {
  readonly url: string
  readonly #tokens: Tokens
  readonly #membership: Membership
  readonly #closes: Closes

  private constructor(url: string, tokens: Tokens, membership: Membership, closes: Closes) {
    this.url = url
    this.#tokens = tokens
    this.#membership = membership
    this.#closes = closes
  }

  /**
   * Starts a node; resolves once its API answers, while sessions that were there may still be read. Throws a
   * `VibeTeaError`, `AlreadyRunningError` where one runs in this home; then nothing is left open.
   */
  static async start(options: NodeOptions): Promise<VibeTeaNode> {
    const closes: Closes = []
    try {
      return await VibeTeaNode.#open(options, closes)
    } catch (error) {
      await closeAll(closes)
      throw error
    }
  }

  static async #open(options: NodeOptions, closes: Closes): Promise<VibeTeaNode> {
    const { settings, environment, log, uiDirectory, watches, archives, random } = options
    const { utcOffsetAt = systemUtcOffsetAt } = options
    for (const name of settings.unknownVariables) log.warn(`${name} is set, but VibeTea has no such setting.`)
    const stores = await openStores({ settings, log, random, now: systemTimers.now }, closes)
    const stopping = new AbortController()
    const fail = (error: unknown) => {
      if (stopping.signal.aborted) return
      log.fatal({ err: error }, 'a part of the node failed; it ends, and nothing recorded is lost')
      process.exit(1)
    }
    const { device, lock, index } = stores
    const tagKeys = new TagKeys(device.key)
    const recording = recordingOf({
      ...stores,
      settings,
      tagKeys,
      homeDirectory: environment.homeDirectory,
      now: systemTimers.now,
      say: (sentence) => stores.notices.say('warning', sentence),
    })
    const membership = await Membership.open({
      ...stores,
      settings,
      tagKeys,
      archives,
      timers: systemTimers,
      random,
      utcOffsetAt,
      log,
      history: watches
        ? (from) => eventsSince(from, { ...recording, settings, environment, now: systemTimers.now() })
        : null,
      onError: fail,
    })
    closes.push(() => membership.close())
    const sources = watchSources(options, stores, recording, stopping.signal, fail)

    const tokens = new Tokens({ randomBytes: random, now: systemTimers.now })
    const history = historyOf(settings, log)
    if (history) closes.push(() => history.close())
    const backend = new NodeBackend({
      ...stores,
      settings,
      sources,
      membership,
      history,
      utcOffsetAt,
      now: systemTimers.now,
    })
    const { port } = settings
    const api = await startApi({
      backend,
      port,
      uiDirectory,
      tokens,
      clock: systemTimers,
      version: VERSION,
      log,
    })
    closes.push(() => api.close())
    const token = await ApiToken.write(settings.home, tokens.api)
    closes.push(() => token.remove())
    await lock.update({ url: api.url, tokenPath: token.path })
    log.info({ url: api.url, source: device.source, version: VERSION }, 'the node is up')

    const started = untilIndexed(index, stopping.signal).then(() => (watches ? sources.start() : undefined))
    started.catch(fail)
    membership.start().catch(fail)
    const stopPruning = keepHistory(options, stores, membership, started)
    closes.push(async () => {
      stopping.abort()
      stopPruning()
      await sources.close()
    })
    return new VibeTeaNode(api.url, tokens, membership, closes)
  }

  /** The dashboard's address with a one-time code that is good for `lifetimeMs`. */
  launchAddress(lifetimeMs: number): string {
    return `${this.url}/#code=${this.#tokens.launchCode(lifetimeMs)}`
  }

  /**
   * Sends all that is here into the archive now; resolves at once where this node archives nothing. Rejects with a
   * `VibeTeaError` where the archive does not take it, and with the reason of `signal`.
   */
  async drainArchive(signal?: AbortSignal): Promise<void> {
    await this.#membership.team?.archiving?.drain(signal)
  }

  /** Records what has been read, closes everything and gives the home free. */
  async stop(): Promise<void> {
    await closeAll(this.#closes)
  }
}

/** What the team's archive knows, where one is set and may be read. */
function historyOf(settings: Settings, log: Logger): ArchiveHistory | null {
  const { supabaseUrl: url, supabaseKey: key, subscriberToken: token } = settings
  if (url === null || token === null) return null
  const warn = (sentence: string) => log.warn(sentence)
  return new ArchiveHistory({ place: { url, key, token }, fetch, timers: systemTimers, warn })
}

/** From the session files to the private log. */
function watchSources(
  { settings, environment, watches, onProgress }: NodeOptions,
  { device, notices, state, privateLog, index }: Stores,
  recording: Recording,
  signal: AbortSignal,
  onError: (error: unknown) => void,
): Sources {
  const timers = systemTimers
  const say = notices.say.bind(notices)
  const batcher = new Batcher(
    (blocks) => untilStored(() => privateLog.append(blocks), { say, timers, signal }),
    timers,
  )
  const recorder = new Recorder({
    ...recording,
    recorded: recordedIn(index, device.source),
    append: (events, isLive) => batcher.add(events, !isLive),
    settled: () => untilIndexed(index, signal),
    now: timers.now,
  })
  return new Sources({
    adapters: watches ? ADAPTERS : [],
    directories: settings.directories,
    environment,
    recorder,
    cursors: state.cursors,
    timers,
    onProgress,
    onProblem: (_path, message, remedy) => say('warning', `${message} ${remedy}`),
    onError,
  })
}

/** Resolves when all that is in the log is indexed; on a full disk, which the index tells of itself, it waits. */
async function untilIndexed(index: Index, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      return await index.caughtUp()
    } catch (error) {
      if (!(error instanceof VibeTeaError) || signal.aborted) throw error
      await pause(INDEX_RETRY_MS, systemTimers, signal)
    }
  }
}

/** Forgets once a day what is older than the history to keep, and in the team's logs than their retention. */
function keepHistory(
  { settings: { historyDays, retentionDays }, log }: Pick<NodeOptions, 'settings' | 'log'>,
  { state, privateLog, index }: Stores,
  membership: Membership,
  started: Promise<void>,
): () => void {
  let stop = () => undefined as void
  const prune = async () => {
    const parts = { arrivals: state.arrivals, index, now: systemTimers.now() }
    try {
      await forgetOld({ ...parts, logs: [privateLog], days: historyDays })
      await membership.team?.forgetOld({ ...parts, days: retentionDays })
    } catch (error) {
      // As on a full disk: what is old can go tomorrow.
      log.error({ err: error }, 'what is old could not be forgotten')
    }
    stop = systemTimers.after(DAY_MS, () => void prune())
  }
  started.then(prune, () => undefined) // whoever started it has been told
  return () => stop()
}
