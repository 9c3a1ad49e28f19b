import NoiseSecretStream from '@hyperswarm/secret-stream'
import Corestore from 'corestore'
import type Hypercore from 'hypercore'
import { randomBytes } from 'node:crypto'
import { onTestFinished } from 'vitest'
import type { Event } from '../../../core/events.ts'
import { sourceLabel } from '../../../core/identity.ts'
import { epochIdOf, namespaceOf, secretsOf } from '../../../core/secrets.ts'
import type { Role } from '../../../core/team-key.ts'
import type { Timers } from '../../../core/timers.ts'
import type { Writer } from '../../../core/writer.ts'
import { DeviceKey, verifier } from '../../../node/home/device-key.ts'
import type { LogState, LogStateStore } from '../../../node/log/log-states.ts'
import { type ContentKeys, Seal } from '../../../node/log/seal.ts'
import { TeamStore, type TeamStoreOptions } from '../../../node/log/team-store.ts'
import { systemTimers } from '../../../node/system-timers.ts'
import { temporaryDirectory } from '../../support/directory.ts'
import { promptAt } from '../../support/events.ts'

/** A team in one process: devices with real Corestores, joined by pairs of Noise streams. */

export const TEAM_ID = new Uint8Array(32).fill(9)
export const WRITE = new Uint8Array(32).fill(5)
export const READ = secretsOf(TEAM_ID, 'member', WRITE).read!

export const random = (bytes: number): Uint8Array => new Uint8Array(randomBytes(bytes))

export const keysOf = (...reads: Uint8Array[]): ContentKeys => ({
  current: reads[0] ?? null,
  byId: (id) => reads.find((read) => Buffer.compare(epochIdOf(read), id) === 0) ?? null,
})

const verifiers = new Map<string, ReturnType<typeof verifier>>()
const verify: TeamStoreOptions['verify'] = (signature, message, key) => {
  const name = Buffer.from(key).toString('hex')
  const known = verifiers.get(name) ?? verifier(key)
  verifiers.set(name, known)
  return known(signature, message)
}

/** Keeps states as `state.db` does. */
export class LogStateTable implements LogStateStore {
  readonly rows = new Map<string, LogState>()

  async load(): Promise<({ core: string } & LogState)[]> {
    return [...this.rows].map(([core, state]) => ({ core, ...state }))
  }

  async save(core: string, state: LogState): Promise<void> {
    this.rows.set(core, { ...state })
  }
}

export interface Member {
  secret: Uint8Array
  key: DeviceKey
  source: string
  table: LogStateTable
  said: string[]
  writer: Writer
  options: TeamStoreOptions
}

export interface MemberOptions {
  role?: Role
  keys?: ContentKeys
  timers?: Timers
  incarnation?: Uint8Array
  directory?: string
}

/** A device of the team, not open yet. */
export function member(name: number, options: MemberOptions = {}): Member {
  const { role = 'member', incarnation = new Uint8Array(8).fill(name), timers = systemTimers } = options
  const secret = new Uint8Array(32).fill(name)
  const key = new DeviceKey(secret)
  const table = new LogStateTable()
  const said: string[] = []
  return {
    secret,
    key,
    source: sourceLabel(`laptop${name}`, key.publicKey),
    table,
    said,
    writer: {
      device: key.publicKey,
      incarnation,
      noise: key.publicKey,
      role,
      issuedAt: 0,
      cut: null,
      floor: 0,
      hasLeft: false,
    },
    options: {
      directory: options.directory ?? '',
      teamId: TEAM_ID,
      device: {
        publicKey: key.publicKey,
        sign: (message) => key.sign(message),
        keyPair: () => pairOf(secret, key),
      },
      incarnation,
      role,
      contentKeys: options.keys ?? (role === 'mirror' ? keysOf() : keysOf(READ)),
      verify,
      sources: { bind: () => true },
      logStates: table,
      timers,
      random,
      say: (_, sentence) => said.push(sentence),
    },
  }
}

function pairOf(secret: Uint8Array, key: DeviceKey): Hypercore.KeyPair {
  return { publicKey: Buffer.from(key.publicKey), secretKey: Buffer.concat([secret, key.publicKey]) }
}

/** Opens a member's logs, in a new directory the first time; they are closed when the test ends. */
export async function open(someone: Member): Promise<TeamStore> {
  someone.options.directory ||= temporaryDirectory()
  const store = await TeamStore.open(someone.options)
  onTestFinished(() => store.close())
  return store
}

export interface Replicating {
  replicate(connection: NoiseSecretStream): unknown
}

/** Connects two; returns how to disconnect them. */
export function connect(a: Replicating, b: Replicating): () => Promise<void> {
  const { streams, closed } = join(a, b)
  return async () => {
    for (const stream of streams) stream.destroy()
    await closed
  }
}

/** Connects two, until one of them ends it. */
export async function connectToItsEnd(a: Replicating, b: Replicating): Promise<void> {
  await join(a, b).closed
}

function join(a: Replicating, b: Replicating) {
  const streams = [new NoiseSecretStream(true), new NoiseSecretStream(false)] as const
  const [one, other] = streams
  one.rawStream.pipe(other.rawStream).pipe(one.rawStream)
  for (const stream of streams) stream.on('error', () => undefined)
  const closed = Promise.all(streams.map((stream) => new Promise((done) => stream.once('close', done))))
  onTestFinished(async () => {
    for (const stream of streams) stream.destroy()
    await closed
  })
  a.replicate(one)
  b.replicate(other)
  return { streams, closed }
}

/** A log that its device writes with code of its own, block by block. */
export async function hostile({ key, secret, writer }: Member, kind: 'events' | 'state' = 'events') {
  const store = new Corestore(temporaryDirectory())
  const namespace = namespaceOf(TEAM_ID, kind, writer.incarnation)
  const core = store.get({ manifest: { version: 1, signers: [{ publicKey: key.publicKey, namespace }] } })
  await core.ready()
  onTestFinished(() => store.close())
  const seal = new Seal(core.key, keysOf(READ), random)
  return {
    core,
    seal,
    replicate: (connection: NoiseSecretStream) => store.replicate(connection),
    append: (...blocks: Uint8Array[]) => core.append(blocks, { keyPair: pairOf(secret, key) }),
    truncate: (length: number) => core.truncate(length, { keyPair: pairOf(secret, key) }),
  }
}

/** Events of a member, with different ids. */
export const eventsOf = ({ source }: Member, count: number, from = 0): Event[] =>
  Array.from({ length: count }, (_, i) => promptAt(from + i, { id: from + i, source }))

/** Waits until something is so, looking again as the event loop turns. */
export async function until(isSo: () => boolean | Promise<boolean>, what = 'it'): Promise<void> {
  const end = performance.now() + 10_000
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`${what} has not come about`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Timers that a test moves on. */
export function testTimers() {
  let now = Date.parse('2026-03-01T12:00:00Z')
  let due: { at: number; call: () => void }[] = []
  return {
    now: () => now,
    after(ms: number, call: () => void) {
      const timer = { at: now + ms, call }
      due.push(timer)
      return () => void (due = due.filter((other) => other !== timer))
    },
    advance(ms: number) {
      now += ms
      const ready = due.filter(({ at }) => at <= now)
      due = due.filter(({ at }) => at > now)
      for (const { call } of ready) call()
    },
  }
}
