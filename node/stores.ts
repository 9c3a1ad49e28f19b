import { join } from 'node:path'
import type { Device } from './device.ts'
import { loadDevice } from './device.ts'
import { verifier } from './home/device-key.ts'
import { openHome } from './home/home.ts'
import { HomeLock } from './home/lock.ts'
import type { Logger } from './home/logger.ts'
import type { Settings } from './home/settings.ts'
import { SharingDecisions } from './home/sharing.ts'
import { State } from './home/state.ts'
import { Index } from './index/index.ts'
import { PrivateLog } from './log/private-log.ts'
import { Notices } from './notices.ts'
import { VERSION } from './version.ts'

export interface StoresOptions {
  settings: Settings
  log: Logger
  /** Gives that many random bytes. */
  random: (bytes: number) => Uint8Array
  /** ms since 1970. */
  now: () => number
}

/** What a home keeps, open, with its lock held. */
export interface Stores {
  /** RFC 3339 UTC. */
  startedAt: string
  notices: Notices
  lock: HomeLock
  device: Device
  sharing: SharingDecisions
  state: State
  privateLog: PrivateLog
  index: Index
}

/** How to close what has been opened, in the order of opening. */
export type Closes = (() => Promise<void>)[]

/**
 * Opens a home for this process alone; adds to `closes` how to close what it opened, also where it throws: a
 * `VibeTeaError`, `AlreadyRunningError` where a node has the home.
 */
export async function openStores(options: StoresOptions, closes: Closes): Promise<Stores> {
  const { settings, log, random, now } = options
  const { home } = settings
  const notices = new Notices(log, now)
  const warn = (sentence: string) => notices.say('warning', sentence)
  await openHome(home, warn)
  const startedAt = new Date(now()).toISOString()
  const lock = await HomeLock.acquire(home, { pid: process.pid, startedAt, version: VERSION })
  closes.push(() => lock.release())
  const device = await loadDevice(settings, warn)
  const sharing = await SharingDecisions.open(home)
  const state = await State.open({ home, now, random })
  closes.push(() => state.close())
  if (state.recovered) {
    const { reason, keptAs } = state.recovered
    warn(
      `state.db was damaged (${reason}) and is kept as ${keptAs}; sessions are read again, nothing is recorded twice.`,
    )
  }
  const { key, source } = device
  const privateLog = await PrivateLog.open({
    directory: join(home, 'private'),
    source,
    sign: (message) => key.sign(message),
    verify: verifier(key.publicKey),
  })
  closes.push(() => privateLog.close())
  const index = await Index.open(join(home, 'index.db'), {
    arrivals: state.arrivals,
    now,
    log: (level, message) => notices.say(level, message),
  })
  closes.push(() => index.close())
  index.follow(privateLog)
  return { startedAt, notices, lock, device, sharing, state, privateLog, index }
}

/** Closes in the reverse order, all of them; throws what went wrong. */
export async function closeAll(closes: Closes): Promise<void> {
  const errors: unknown[] = []
  for (const close of closes.splice(0).reverse()) {
    try {
      await close()
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, 'not everything could be closed')
}
