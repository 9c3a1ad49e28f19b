import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import HyperDHT from 'hyperdht'
import { z32Prefix } from '../core/hash.ts'
import { secretsOf } from '../core/secrets.ts'
import { roleOf, type TeamKey } from '../core/team-key.ts'
import { DeviceKey, verifyWith } from './home/device-key.ts'
import type { Logger } from './home/logger.ts'
import type { Settings } from './home/settings.ts'
import { pause } from './log/retry.ts'
import { contentKeysOf } from './log/seal.ts'
import { StateLog } from './log/state-log.ts'
import { TeamStore } from './log/team-store.ts'
import { provisionalOf } from '../core/epoch-records.ts'
import { Mesh } from './mesh/net.ts'
import { Roster } from './mesh/roster.ts'
import { systemTimers } from './system-timers.ts'
import { Profiles } from './team/profiles.ts'
import { VERSION } from './version.ts'

/** Who is in a team, as somebody sees who has not joined yet: names, where they are known. */
export interface Peeked {
  teamName: string | null
  members: readonly string[]
  readers: readonly string[]
  archivers: readonly string[]
}

export interface PeekOptions {
  key: TeamKey
  bootstrap: Settings['bootstrap']
  /** Aborted: resolves null soon. */
  signal: AbortSignal
  timeoutMs: number
  /** Gives that many random bytes. */
  random: (bytes: number) => Uint8Array
  log: Logger
}

/** After the last news it is waited so long for more. */
const QUIET_MS = 600

/**
 * Looks who is there, at most for `timeoutMs`, as a device that nobody knows and that has no certificate: peers let it
 * look for 5 s. null where nobody was reached. Keeps nothing.
 */
export async function peek(options: PeekOptions): Promise<Peeked | null> {
  const directory = await mkdtemp(join(tmpdir(), 'vibetea-peek-'))
  try {
    return await look(directory, options)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function look(directory: string, options: PeekOptions): Promise<Peeked | null> {
  const { key, bootstrap, signal, timeoutMs, random, log } = options
  if (key.kind === 'admin' || key.kind === 'mirror') throw new RangeError('this key does not join')
  const { teamId, secret } = key
  const role = roleOf(key.kind)
  const secrets = secretsOf(teamId, role, secret)
  const device = new DeviceKey(random(32))
  const noiseKeyPair = HyperDHT.keyPair(Buffer.from(random(32)))
  const roster = new Roster({
    teamId,
    provisional: provisionalOf(secrets),
    verify: verifyWith,
    now: systemTimers.now,
  })
  const nobody = { load: async () => [], save: async () => undefined }
  const store = await TeamStore.open({
    directory,
    teamId,
    device,
    incarnation: random(8),
    role: 'reader',
    contentKeys: contentKeysOf(secrets.read),
    verify: verifyWith,
    sources: { bind: () => true },
    logStates: nobody,
    timers: systemTimers,
    random,
    say: () => undefined,
  })
  const profiles = new Profiles(() => undefined)
  let changedAt = systemTimers.now()
  const changed = () => (changedAt = systemTimers.now())
  store.onLog((log) => {
    const author = roster.writer(log)
    if (log instanceof StateLog && author) void profiles.follow(author, log)
  })
  profiles.onChange(changed)
  const mesh = await Mesh.start({
    secrets,
    roster,
    self: { device: device.publicKey, noise: noiseKeyPair.publicKey, role, version: VERSION },
    noiseKeyPair,
    store,
    bootstrap,
    keep: async () => undefined,
    timers: systemTimers,
    random,
    log,
    onLearned: () => {
      for (const writer of roster.writers()) store.follow(writer)
      changed()
    },
    onChanged: () => undefined,
  })
  try {
    const end = systemTimers.now() + timeoutMs
    const isSettled = () => roster.writers().length > 0 && systemTimers.now() - changedAt >= QUIET_MS
    while (!signal.aborted && systemTimers.now() < end && !isSettled()) await pause(50, systemTimers, signal)
    return signal.aborted || roster.writers().length === 0 ? null : seen(roster, profiles)
  } finally {
    await mesh.destroy()
    profiles.close()
    await store.close()
  }
}

function seen(roster: Roster, profiles: Profiles): Peeked {
  const people = { members: new Set<string>(), readers: new Set<string>(), archivers: new Set<string>() }
  for (const { device, role, hasLeft } of roster.writers()) {
    if (hasLeft || role === 'mirror') continue
    const profile = profiles.of(device)
    const name = profile?.name ?? `…${z32Prefix(device, 6)}`
    if (profile?.isArchiver) people.archivers.add(name)
    else people[role === 'member' ? 'members' : 'readers'].add(name)
  }
  const { members, readers, archivers } = people
  return {
    teamName: profiles.teamName(),
    members: [...members],
    readers: [...readers],
    archivers: [...archivers],
  }
}
