import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type NoiseSecretStream from '@hyperswarm/secret-stream'
import Corestore from 'corestore'
import HyperDHT from 'hyperdht'
import Hypercore from 'hypercore'
import { keyText, namespaceOf } from '../../core/secrets.ts'
import { freeUdpPort } from '../../node/free-port.ts'
import { State } from '../../node/home/state.ts'
import { Index } from '../../node/index/index.ts'
import { TeamLog } from '../../node/log/team-log.ts'
import { TeamStore } from '../../node/log/team-store.ts'
import { guardReplication } from '../../node/mesh/replication-guard.ts'
import { until } from './processes.ts'
import type { PeerTask } from './replicate-peer.ts'
import type { Figure } from './table.ts'
import type { BenchDevice, BenchTeam } from './team-parts.ts'
import { deviceOf, localSwarm, newTeam, random, storeOptions } from './team-parts.ts'

/** Events in a block, and events a second to be reached. */
const TARGETS: [perBlock: number, target: string][] = [
  [500, ''],
  [100, '≥ 40k/s, ≤ 75 B an event'],
  [20, '≥ 18k/s'],
  [1, '≥ 4k/s'],
]
const BYTES_PER_MB = 1024 * 1024

interface Setting {
  directory: string
  bootstrap: string
  team: BenchTeam
  writer: BenchDevice
  blocks: number
}

interface Measured {
  seconds: number
  /** CPU time of this process, all threads, that does not depend on what else the machine does. */
  cpuSeconds: number
  bytes: number
  memoryMb: number
}

/** A log that another process has, over a connection of this machine: fetched, verified and indexed. */
export async function benchReplicate(isFull: boolean): Promise<Figure[]> {
  const events = isFull ? 100_000 : 20_000
  const port = await freeUdpPort('127.0.0.1')
  const dht = HyperDHT.bootstrapper(port, '127.0.0.1', { host: '127.0.0.1' })
  await dht.fullyBootstrapped()
  try {
    const figures: Figure[] = []
    for (const [perBlock, target] of TARGETS) {
      figures.push(await replicate(events, perBlock, target, `127.0.0.1:${port}`))
    }
    return figures
  } finally {
    await dht.destroy({ force: true })
  }
}

async function replicate(
  events: number,
  perBlock: number,
  target: string,
  bootstrap: string,
): Promise<Figure> {
  const directory = mkdtempSync(join(tmpdir(), 'vibetea-replicate-'))
  const secret = random(32)
  const team = newTeam()
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
  const task: PeerTask = {
    directory: join(directory, 'writer'),
    bootstrap,
    teamId: hex(team.teamId),
    write: hex(team.write),
    secret: hex(secret),
    events,
    perBlock,
  }
  const peer = fork(new URL('./replicate-peer.js', import.meta.url), [JSON.stringify(task)])
  try {
    await once(peer, 'message')
    const writer = deviceOf('kettle', secret, HyperDHT.keyPair(secret).publicKey)
    const setting = { directory, bootstrap, team, writer, blocks: Math.ceil(events / perBlock) }
    const bare = await bareReader(setting)
    const ours = await ourReader(setting, events)
    const say = ({ seconds, cpuSeconds, bytes }: Measured) =>
      `${Math.round(events / seconds).toLocaleString('en')} events/s, ${((cpuSeconds / events) * 1e6).toFixed(1)} µs of CPU and ${(bytes / events).toFixed(0)} B an event`
    return {
      what: `${events.toLocaleString('en')} events, ${perBlock} a block: fetched, verified, indexed`,
      measured: `${say(ours)}, ${ours.memoryMb.toFixed(0)} MB more`,
      bare: `${say(bare)} (Hypercore alone)`,
      ratio: (bare.seconds / ours.seconds).toFixed(2),
      target,
    }
  } finally {
    const ended = once(peer, 'close')
    peer.kill('SIGKILL')
    await ended
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Connects to the writer, and measures until all is there. */
async function measure(
  { bootstrap, writer }: Setting,
  replicateOver: (connection: NoiseSecretStream) => void,
  done: () => Promise<void>,
): Promise<Measured> {
  const swarm = await localSwarm(bootstrap, HyperDHT.keyPair())
  const memoryBefore = process.memoryUsage.rss()
  try {
    const connected = new Promise<NoiseSecretStream>((resolve) => swarm.on('connection', resolve))
    swarm.joinPeer(writer.writer.noise)
    const connection = await connected
    const from = performance.now()
    const cpu = process.cpuUsage()
    replicateOver(connection)
    await done()
    const seconds = (performance.now() - from) / 1000
    const { user, system } = process.cpuUsage(cpu)
    const cpuSeconds = (user + system) / 1e6
    const memoryMb = (process.memoryUsage.rss() - memoryBefore) / BYTES_PER_MB
    return { seconds, cpuSeconds, bytes: connection.rawBytesRead, memoryMb }
  } finally {
    await swarm.destroy({ force: true })
  }
}

function manifestOf({ team, writer }: Setting): Hypercore.Manifest {
  const namespace = namespaceOf(team.teamId, 'events', writer.incarnation)
  return { version: 1, signers: [{ publicKey: writer.key.publicKey, namespace }] }
}

/** The least: the same blocks by Hypercore alone, neither opened nor looked at. */
async function bareReader(setting: Setting): Promise<Measured> {
  const store = new Corestore(join(setting.directory, 'bare'))
  const core = store.get({ manifest: manifestOf(setting), writable: false })
  await core.ready()
  const range = core.download({ start: 0, end: setting.blocks })
  const measured = await measure(
    setting,
    (connection) => store.replicate(connection),
    async () => {
      await range.done()
    },
  )
  await store.close()
  return measured
}

async function ourReader(setting: Setting, events: number): Promise<Measured> {
  const { team, writer, blocks } = setting
  const home = join(setting.directory, 'reader')
  const state = await State.open({ home: setting.directory, now: Date.now, random })
  const fail = (_: string, message: string) => {
    throw new Error(message)
  }
  const index = await Index.open(join(setting.directory, 'index.db'), {
    arrivals: state.arrivals,
    now: Date.now,
    log: fail,
  })
  const reader = deviceOf('cup', random(32), random(32))
  const store = await TeamStore.open(storeOptions(home, team, reader, state.team.logs))
  store.onLog((log) => log instanceof TeamLog && index.follow(log))
  store.follow(writer.writer)
  const core = keyText(Hypercore.key(manifestOf(setting)))
  const measured = await measure(
    setting,
    (connection) => {
      guardReplication(connection, (reason) => fail('error', reason))
      store.replicate(connection)
    },
    () => until(() => index.indexed(core) >= blocks, 'the whole index', { everyMs: 5 }),
  )
  await index.caughtUp()
  const counted = (await index.totals()).reduce((sum, each) => sum + each.events, 0)
  if (counted !== events) throw new Error(`${counted} of ${events} events are in the index`)
  await index.close()
  await store.close()
  await state.close()
  return measured
}
