import { dirname } from 'node:path'
import process from 'node:process'
import HyperDHT from 'hyperdht'
import type { TeamMade } from '../core/api.ts'
import type { Timers } from '../core/timers.ts'
import { PEOPLE, utcOffsetOf, VISITOR, type Person } from './demo/people.ts'
import { Replay } from './demo/replay.ts'
import type { PersonId } from './demo/script.ts'
import { freeUdpPort } from './free-port.ts'
import { createLogger } from './home/logger.ts'
import { readSettings, type Settings } from './home/settings.ts'
import { pause } from './log/retry.ts'
import { VibeTeaNode } from './node.ts'
import { closeAll, type Closes } from './stores.ts'
import { createTeam, joinTeam } from './team-life.ts'
import { utcOffsetAt } from './utc-offset.ts'

export interface DemoOptions {
  /** Empty; all that the demo keeps lies in it. Whoever made it removes it. */
  directory: string
  /** Of the visitor's dashboard; 0 picks a free one. */
  port: string
  logLevel: string
  /** The built dashboard. */
  uiDirectory: string
  timers: Timers
  /** Gives that many random bytes. */
  random: (bytes: number) => Uint8Array
  /** Ends the start after the step that it is at. */
  signal: AbortSignal
  /** Is told where a session file cannot be written. */
  failed: (error: unknown) => void
}

/** Somebody of the team, and the settings of their node. */
interface Place {
  person: Person
  settings: Settings
}

const TEAM_NAME = 'Harbour Tea'
const LOOPBACK = '127.0.0.1'
/** Quick enough to watch, slow enough to read. */
const SPEED = 1.5
const HISTORY_DAYS = 30
const DAY_MS = 86_400_000
const SESSION_MS = 15 * 60_000
/** The sessions go on when the history has been read, or after this; then the rest of it comes in between. */
const HISTORY_PATIENCE_MS = 3000
const POLL_MS = 50

/**
 * A team of nodes in this process, on a mesh of this machine alone: each has a home of its own and follows the session
 * files that a replay writes there. One of them is the visitor's.
 */
export class DemoTeam {
  readonly visitor: VibeTeaNode
  /** The visitor's `VIBETEA_HOME`. */
  readonly home: string
  readonly #closes: Closes

  private constructor(visitor: VibeTeaNode, home: string, closes: Closes) {
    this.visitor = visitor
    this.home = home
    this.#closes = closes
  }

  /**
   * Resolves once all are at work. Throws a `VibeTeaError`, or the reason of `signal`; then nothing is left open.
   */
  static async start(options: DemoOptions): Promise<DemoTeam> {
    const closes: Closes = []
    try {
      return await DemoTeam.#open(options, closes)
    } catch (error) {
      await closeAll(closes)
      throw error
    }
  }

  static async #open(options: DemoOptions, closes: Closes): Promise<DemoTeam> {
    const { directory, timers, random, signal, failed } = options
    const beginAt = timers.now() + HISTORY_PATIENCE_MS
    const replay = await Replay.prepare({
      directory,
      timers,
      random,
      speed: SPEED,
      historyDays: HISTORY_DAYS,
      utcOffset: utcOffsetAt(timers.now()),
      sessionMs: SESSION_MS,
      pid: process.pid,
      failed,
    })
    closes.push(() => replay.stop())
    signal.throwIfAborted()
    const bootstrap = await openBootstrap(closes)
    const places = PEOPLE.map((person) => {
      return { person, settings: settingsOf(person, replay.homeOf(person.id), bootstrap, options) }
    })
    await formTeam(places, options)
    signal.throwIfAborted()
    const { nodes, reading } = await startNodes(
      places.filter(({ person }) => person.laterMs === 0),
      options,
      closes,
    )
    while (reading.size > 0 && timers.now() < beginAt) {
      signal.throwIfAborted()
      await pause(POLL_MS, timers, signal)
    }
    replay.start()
    startLater(
      places.filter(({ person }) => person.laterMs > 0),
      options,
      closes,
    )
    const { settings } = places.find(({ person }) => person.id === VISITOR)!
    return new DemoTeam(nodes.get(VISITOR)!, settings.home, closes)
  }

  async stop(): Promise<void> {
    await closeAll(this.#closes)
  }
}

/** A bootstrap node that nobody outside this machine can reach; its address. */
async function openBootstrap(closes: Closes): Promise<string> {
  const port = await freeUdpPort(LOOPBACK)
  const node = HyperDHT.bootstrapper(port, LOOPBACK, { host: LOOPBACK })
  closes.push(() => node.destroy({ force: true }))
  await node.fullyBootstrapped()
  return `${LOOPBACK}:${port}`
}

/** Nothing of the machine's own settings counts: it is another home, and the assistants' directories lie in it. */
function settingsOf(
  { id, machine }: Person,
  homeDirectory: string,
  bootstrap: string,
  { port, logLevel }: DemoOptions,
): Settings {
  return readSettings({
    env: { VIBETEA_LOG_LEVEL: logLevel, VIBETEA_BOOTSTRAP: bootstrap },
    flags: { port: id === VISITOR ? port : '0' },
    configText: null,
    homeDirectory,
    hostname: machine,
    workingDirectory: homeDirectory,
  })
}

/** Everyone entered the team before all that is told of them, so that it belongs to it. */
async function formTeam(places: readonly Place[], { timers, random }: DemoOptions): Promise<void> {
  const formedAt = timers.now() - HISTORY_DAYS * DAY_MS
  let keys: TeamMade | null = null
  for (const { person, settings } of places) {
    const options = { settings, warn: () => undefined, random, now: () => formedAt }
    const consent = { name: person.name, share: 'all', backfillMs: 0 } as const
    if (keys !== null)
      await joinTeam(options, { key: person.isReader ? keys.readOnlyKey : keys.teamKey, ...consent })
    else keys = await createTeam(options, { teamName: TEAM_NAME, ...consent })
  }
}

/** Starts some people's nodes; by person, with who has not read yet what there is. */
async function startNodes(places: readonly Place[], options: DemoOptions, closes: Closes) {
  const nodes = new Map<PersonId, VibeTeaNode>()
  const reading = new Set(places.map(({ person }) => person.id))
  const starting = places.map(async (place) => {
    const { id } = place.person
    nodes.set(id, await startNode(place, options, () => reading.delete(id)))
  })
  closes.push(async () => {
    await Promise.allSettled(starting)
    await Promise.all([...nodes.values()].map((node) => node.stop()))
  })
  await Promise.all(starting)
  return { nodes, reading }
}

/** Starts the nodes of those who come later. */
function startLater(places: readonly Place[], options: DemoOptions, closes: Closes): void {
  const { timers, failed } = options
  for (const place of places) {
    let starting: Promise<VibeTeaNode | undefined> | undefined
    const callOff = timers.after(place.person.laterMs, () => {
      starting = startNode(place, options).catch((error: unknown) => {
        failed(error)
        return undefined
      })
    })
    closes.push(async () => {
      callOff()
      await (await starting)?.stop()
    })
  }
}

function startNode(
  { person, settings }: Place,
  { uiDirectory, random, timers }: DemoOptions,
  onRead: () => void = () => undefined,
): Promise<VibeTeaNode> {
  return VibeTeaNode.start({
    settings,
    environment: { env: {}, homeDirectory: dirname(settings.home) },
    log: createLogger(settings.logLevel),
    uiDirectory,
    watches: true,
    archives: false,
    random,
    utcOffsetAt: () => utcOffsetOf(person, utcOffsetAt(timers.now())),
    onProgress: (done, total) => {
      if (done === total) onRead()
    },
  })
}
