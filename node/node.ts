import { VibeTeaError } from '../core/errors.ts'
import { startApi } from './api/server.ts'
import { Tokens } from './api/tokens.ts'
import { NodeBackend } from './backend.ts'
import { projectsOf, ruleOf } from './device.ts'
import { ApiToken } from './home/api-token.ts'
import type { Logger } from './home/logger.ts'
import type { Settings } from './home/settings.ts'
import { Batcher } from './log/batcher.ts'
import type { Index } from './index/index.ts'
import { pause, untilStored } from './log/retry.ts'
import { pruneHistory } from './retention.ts'
import { ADAPTERS } from './sources/adapters.ts'
import type { Environment } from './sources/port.ts'
import { Recorder } from './sources/recorder.ts'
import { Sources } from './sources/sources.ts'
import type { Closes, Stores } from './stores.ts'
import { closeAll, openStores } from './stores.ts'
import { systemTimers } from './system-timers.ts'
import { VERSION } from './version.ts'

const DAY_MS = 86_400_000
const INDEX_RETRY_MS = 5000

export interface NodeOptions {
  settings: Settings
  environment: Environment
  log: Logger
  /** The built dashboard. */
  uiDirectory: string
  /** Gives that many random bytes. */
  random: (bytes: number) => Uint8Array
  /** How many of the session files that were there have been read. */
  onProgress: (done: number, total: number) => void
}

/** One developer's node: watches, records, indexes and answers on localhost. The place where the folders meet. */
export class VibeTeaNode {
  readonly url: string
  readonly #tokens: Tokens
  readonly #closes: Closes

  private constructor(url: string, tokens: Tokens, closes: Closes) {
    this.url = url
    this.#tokens = tokens
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
    const { settings, log, uiDirectory, random } = options
    for (const name of settings.unknownVariables) log.warn(`${name} is set, but VibeTea has no such setting.`)
    const stores = await openStores({ settings, log, random, now: systemTimers.now }, closes)
    const stopping = new AbortController()
    const fail = (error: unknown) => {
      if (stopping.signal.aborted) return
      log.fatal({ err: error }, 'a part of the node failed; it ends, and nothing recorded is lost')
      process.exit(1)
    }
    const sources = watchSources(options, stores, stopping.signal, fail)

    const tokens = new Tokens({ randomBytes: random, now: systemTimers.now })
    const { device, lock, index } = stores
    const backend = new NodeBackend({ ...stores, settings, sources, now: systemTimers.now })
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

    const started = untilIndexed(index, stopping.signal).then(() => sources.start())
    started.catch(fail)
    const stopPruning = keepHistory(settings, stores, started, fail)
    closes.push(async () => {
      stopping.abort()
      stopPruning()
      await sources.close()
    })
    return new VibeTeaNode(api.url, tokens, closes)
  }

  /** The dashboard's address with a one-time code that is good for `lifetimeMs`. */
  launchAddress(lifetimeMs: number): string {
    return `${this.url}/#code=${this.#tokens.launchCode(lifetimeMs)}`
  }

  /** Records what has been read, closes everything and gives the home free. */
  async stop(): Promise<void> {
    await closeAll(this.#closes)
  }
}

/** From the session files to the private log. */
function watchSources(
  { settings, environment, onProgress }: NodeOptions,
  { device, notices, sharing, state, privateLog, index }: Stores,
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
    rule: ruleOf(device, settings, sharing),
    projects: projectsOf(device, environment.homeDirectory),
    recorded: {
      known: (ids) => index.known.known(device.source, ids),
      openSessions: () => index.known.openSessions(device.source),
      sessionEvents: (ids) => index.known.sessionEvents(device.source, ids),
    },
    append: (events, isLive) => batcher.add(events, !isLive),
    settled: () => untilIndexed(index, signal),
    now: timers.now,
  })
  return new Sources({
    adapters: ADAPTERS,
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

/** Forgets once a day what is older than the history to keep. */
function keepHistory(
  { historyDays }: Settings,
  { state, privateLog, index }: Stores,
  started: Promise<void>,
  onError: (error: unknown) => void,
): () => void {
  let stop = () => undefined as void
  const prune = async () => {
    await pruneHistory({ arrivals: state.arrivals, privateLog, index, historyDays, now: systemTimers.now() })
    stop = systemTimers.after(DAY_MS, () => void prune().catch(onError))
  }
  started.then(prune).catch(onError)
  return () => stop()
}
