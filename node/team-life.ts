import type { Actions, Invitation, TeamJoined, TeamMade } from '../core/api.ts'
import { keyText } from '../core/secrets.ts'
import type { Role } from '../core/team-key.ts'
import {
  foundTeam,
  invitation,
  joinTeam as enterTeam,
  noTeam,
  serveTeam as enterAsServer,
  type EnteringParts,
  type Service,
} from './entering.ts'
import { TagKeys } from './device.ts'
import { openHome, type Warn } from './home/home.ts'
import { HomeLock } from './home/lock.ts'
import { createLogger } from './home/logger.ts'
import type { Settings } from './home/settings.ts'
import { SharingDecisions } from './home/sharing.ts'
import { State } from './home/state.ts'
import { readTeam, type TeamFile } from './home/team-file.ts'
import { Membership } from './membership.ts'
import { closeAll, openStores, type Closes } from './stores.ts'
import { systemTimers } from './system-timers.ts'
import { systemUtcOffsetAt } from './utc-offset.ts'
import { VERSION } from './version.ts'

/** Teams for commands where no node runs: each takes the home and gives it back. */
export interface TeamLifeOptions {
  settings: Settings
  warn: Warn
  /** Gives that many random bytes. */
  random: (bytes: number) => Uint8Array
  /** ms since 1970. */
  now: () => number
}

/** The team of a home, read without taking it; null where it is in none. */
export async function teamOf(
  home: string,
): Promise<{ teamId: string; role: Role; name: string; teamName: string | null } | null> {
  const team = await readTeam(home)
  return team && { teamId: keyText(team.teamId), role: team.role, name: team.name, teamName: team.teamName }
}

/** See `foundTeam`. Throws `AlreadyRunningError` where a node has the home; so do the others. */
export function createTeam(options: TeamLifeOptions, args: Actions['create']): Promise<TeamMade> {
  return withHome(options, (parts) => foundTeam(parts, args))
}

export function joinTeam(options: TeamLifeOptions, args: Actions['join']): Promise<TeamJoined> {
  return withHome(options, (parts) => enterTeam(parts, args))
}

/** See `serveTeam` of `entering.ts`. */
export function serveTeam(options: TeamLifeOptions, service: Service): Promise<TeamJoined> {
  return withHome(options, (parts) => enterAsServer(parts, service))
}

export async function inviteKey(options: TeamLifeOptions, args: Actions['invite']): Promise<Invitation> {
  return invitation(await requireTeam(options.settings.home), args.role)
}

/** See `Membership.leave`: teammates who can be reached within some seconds are told. */
export async function leaveTeam(options: TeamLifeOptions): Promise<void> {
  const { settings, warn, random } = options
  await requireTeam(settings.home)
  const closes: Closes = []
  try {
    const log = createLogger('silent')
    const stores = await openStores({ settings, log, random, now: systemTimers.now }, closes)
    stores.notices.listen((_level, sentence) => warn(sentence))
    const failures: unknown[] = []
    const membership = await Membership.open({
      ...stores,
      settings,
      archives: false,
      tagKeys: new TagKeys(stores.device.key),
      timers: systemTimers,
      random,
      utcOffsetAt: systemUtcOffsetAt,
      log,
      history: async function* () {
        // Who leaves shares no more.
      },
      onError: (error) => failures.push(error),
    })
    closes.push(() => membership.close())
    await membership.start()
    await membership.leave()
    if (failures.length > 0) throw failures[0] as Error
  } finally {
    await closeAll(closes)
  }
}

/** The team of a home. Throws a `VibeTeaError` `no_team` where it is in none. */
async function requireTeam(home: string): Promise<TeamFile> {
  const team = await readTeam(home)
  if (team) return team
  throw noTeam()
}

async function withHome<T>(
  { settings: { home }, warn, random, now }: TeamLifeOptions,
  act: (parts: EnteringParts) => Promise<T>,
): Promise<T> {
  const closes: Closes = []
  try {
    await openHome(home, warn)
    const startedAt = new Date(now()).toISOString()
    const lock = await HomeLock.acquire(home, { pid: process.pid, startedAt, version: VERSION })
    closes.push(() => lock.release())
    const sharing = await SharingDecisions.open(home)
    const state = await State.open({ home, now, random })
    closes.push(() => state.close())
    return await act({ home, sharing, state, random, now })
  } finally {
    await closeAll(closes)
  }
}
