import HyperDHT from 'hyperdht'
import { secretsOf } from '../core/secrets.ts'
import type { Timers } from '../core/timers.ts'
import type { Device } from './device.ts'
import { verifyWith } from './home/device-key.ts'
import type { Logger } from './home/logger.ts'
import type { Settings } from './home/settings.ts'
import type { State } from './home/state.ts'
import { teamDirectory, type TeamFile } from './home/team-file.ts'
import { LastSeen } from './last-seen.ts'
import type { FeedState } from './log/feed-port.ts'
import type { PrivateLog } from './log/private-log.ts'
import { contentKeysOf } from './log/seal.ts'
import { firstFeedState } from './log/team-feed.ts'
import { TeamStore } from './log/team-store.ts'
import { provisionalOf } from '../core/epoch-records.ts'
import type { MeshOptions } from './mesh/net.ts'
import { Roster } from './mesh/roster.ts'
import type { Notices } from './notices.ts'
import { SourceOwners } from './source-owners.ts'
import { VERSION } from './version.ts'

export interface TeamPartsOptions {
  file: TeamFile
  settings: Settings
  device: Device
  state: State
  privateLog: PrivateLog
  notices: Notices
  timers: Timers
  /** Gives that many random bytes. */
  random: (bytes: number) => Uint8Array
  log: Logger
}

/** What a home keeps of its team, open; and what the mesh is to be started with. */
export interface TeamParts {
  roster: Roster
  store: TeamStore
  seen: LastSeen
  owners: SourceOwners
  feedState: FeedState
  mesh: Omit<MeshOptions, 'onLearned' | 'onChanged'>
}

/** Opens what the home keeps of its team; nothing is sent. Throws a `VibeTeaError`. */
export async function openTeamParts(options: TeamPartsOptions): Promise<TeamParts> {
  const { file, settings, device, state, privateLog, notices, timers, random, log } = options
  const { teamId, role, secret, incarnation } = file
  const secrets = secretsOf(teamId, role, secret)
  const roster = new Roster({
    teamId,
    provisional: provisionalOf(secrets),
    verify: verifyWith,
    now: timers.now,
  })
  await loadRoster(roster, state)
  // What is learned again does not end the node where the disk is full.
  const notKept = (error: unknown) =>
    log.error({ err: error }, 'what was learned of the team could not be kept')
  const own = { source: device.source, device: device.key.device }
  const owners = await SourceOwners.load(state.kept, own, notKept)
  const seen = await LastSeen.load(state.team.seen, timers, notKept)
  const store = await TeamStore.open({
    directory: teamDirectory(settings.home, teamId),
    teamId,
    device: device.key,
    incarnation,
    role,
    contentKeys: contentKeysOf(secrets.read),
    verify: verifyWith,
    sources: owners,
    logStates: state.team.logs,
    timers,
    random,
    say: (level, sentence) => notices.say(level, sentence),
  })
  const noiseKeyPair = HyperDHT.keyPair(device.key.derive('noise', [teamId]))
  const mesh: TeamParts['mesh'] = {
    secrets,
    roster,
    self: { device: device.key.publicKey, noise: noiseKeyPair.publicKey, role, version: VERSION },
    noiseKeyPair,
    store,
    bootstrap: settings.bootstrap,
    keep: (kind, bytes) => state.team.roster.save(kind, bytes),
    timers,
    random,
    log,
  }
  return { roster, store, seen, owners, feedState: await feedStateOf(state, privateLog), mesh }
}

/** What was learned of the team before; what has been superseded since is kept no longer. */
async function loadRoster(roster: Roster, { team }: State): Promise<void> {
  const known = await team.roster.load()
  for (const bytes of known.record) roster.addRecord(bytes)
  for (const bytes of known.certificate) roster.addCertificate(bytes)
  for (const bytes of known.statement) roster.addStatement(bytes)
  await team.roster.keepOnly({
    record: roster.records(),
    certificate: roster.certificates(),
    statement: roster.statements(),
  })
}

/** Where the feed was; that of a team that was entered just now begins with what is recorded from now on. */
async function feedStateOf({ team }: State, { length }: PrivateLog): Promise<FeedState> {
  const kept = await team.feed.load()
  if (kept) return kept
  const first = firstFeedState(length)
  await team.feed.save(first)
  return first
}
