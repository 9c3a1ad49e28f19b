import { randomBytes } from 'node:crypto'
import Hyperswarm from 'hyperswarm'
import type { Event } from '../../core/events.ts'
import { publicKeyOf, sourceLabel } from '../../core/identity.ts'
import { epochIdOf, secretsOf } from '../../core/secrets.ts'
import type { Writer } from '../../core/writer.ts'
import { DeviceKey, verifyWith } from '../../node/home/device-key.ts'
import type { LogStateStore } from '../../node/log/log-states.ts'
import type { TeamStoreOptions } from '../../node/log/team-store.ts'
import { openDht } from '../../node/mesh/dht.ts'
import { systemTimers } from '../../node/system-timers.ts'
import { MadeUpLog } from './index-log.ts'

/** A team without homes, for what is measured below the node. */

export const random = (bytes: number): Uint8Array => new Uint8Array(randomBytes(bytes))

const DAY_MS = 86_400_000

/** The team of a write secret, made up for a benchmark. */
export interface BenchTeam {
  teamId: Uint8Array
  write: Uint8Array
}

export function newTeam(): BenchTeam {
  return { teamId: publicKeyOf(random(32)), write: random(32) }
}

export interface BenchDevice {
  key: DeviceKey
  source: string
  incarnation: Uint8Array
  writer: Writer
}

/** A member's device; `secret` has 32 bytes. */
export function deviceOf(name: string, secret: Uint8Array, noise: Uint8Array): BenchDevice {
  const key = new DeviceKey(secret)
  const incarnation = secret.slice(0, 8)
  const { publicKey: device } = key
  const writer: Writer = {
    device,
    incarnation,
    noise,
    role: 'member',
    issuedAt: 0,
    cut: null,
    floor: 0,
    hasLeft: false,
  }
  return { key, source: sourceLabel(name, device), incarnation, writer }
}

/** For who only serves what it has. */
const FORGETFUL: LogStateStore = { load: () => Promise.resolve([]), save: () => Promise.resolve() }

export function storeOptions(
  directory: string,
  { teamId, write }: BenchTeam,
  { key, incarnation }: Pick<BenchDevice, 'key' | 'incarnation'>,
  logStates: LogStateStore = FORGETFUL,
): TeamStoreOptions {
  const read = secretsOf(teamId, 'member', write).read!
  const epochId = Buffer.from(epochIdOf(read))
  return {
    directory,
    teamId,
    device: key,
    incarnation,
    role: 'member',
    contentKeys: { current: read, byId: (id) => (epochId.equals(id) ? read : null) },
    verify: verifyWith,
    sources: { bind: () => true },
    logStates,
    timers: systemTimers,
    random,
    say: (_, sentence) => {
      throw new Error(sentence)
    },
  }
}

/** Made-up events of the last days of a source, in lists of `perBlock`, some lists at a time. */
export async function* madeUpBlocks(
  source: string,
  events: number,
  perBlock: number,
  number = 0,
  days = 30,
): AsyncGenerator<Event[][]> {
  const to = Date.now()
  const log = new MadeUpLog(number % 10, events, to - days * DAY_MS, to)
  const waiting: Event[] = []
  let left = events
  for (let seq = 0; left > 0; seq += 10) {
    const read = (await log.read(seq, 10)).flatMap((block) => block.events).slice(0, left)
    left -= read.length
    waiting.push(...read.map((event) => ({ ...event, source })))
    const lists: Event[][] = []
    const isLast = left === 0
    while (waiting.length >= perBlock || (isLast && waiting.length > 0))
      lists.push(waiting.splice(0, perBlock))
    yield lists
  }
}

/** A swarm on this machine alone, with a key of its own. */
export async function localSwarm(bootstrap: string, keyPair: KeyPair) {
  const [host, port] = bootstrap.split(':')
  const dht = await openDht([{ host: host!, port: Number(port) }], [], systemTimers)
  const swarm = new Hyperswarm({ dht, keyPair })
  swarm.on('connection', (connection) => connection.on('error', () => undefined))
  return swarm
}

interface KeyPair {
  publicKey: Uint8Array
  secretKey: Uint8Array
}
