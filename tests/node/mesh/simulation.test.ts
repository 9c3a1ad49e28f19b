import { describe, expect, test } from 'vitest'
import { PRESENCES } from '../../../core/api.ts'
import { concat } from '../../../core/bytes.ts'
import { encodeRecord, recordHash } from '../../../core/epoch.ts'
import { decodeCertificate } from '../../../core/certificate.ts'
import { gateKeyOf, type Side } from '../../../core/secrets.ts'
import type { Role } from '../../../core/team-key.ts'
import { gateHandshake } from '../../../node/mesh/gate.ts'
import { MESSAGE_KINDS, encodeHello, type MessageKind } from '../../../node/mesh/messages.ts'
import { SEED } from '../../core/support.ts'
import { Discovery, Network, SimulatedNode, type Endpoint } from './simulator.ts'
import { NOW, certificateBy, deviceOf, incarnationOf, noiseOf, teamOf } from './team.ts'

/**
 * Whole teams in simulated time. A failed run is repeated with `VIBETEA_SEED=<seed of the test's name>`, which is that of
 * the first team; the others follow it.
 */
const TEAMS = 100

const team = teamOf('tea')
const other = teamOf('coffee')
const first = team.epochRecord()
const SECOND_MS = 1000

/** What two nodes that know the same say: rosters, and who is there. */
function expectAgreement(nodes: SimulatedNode[]): void {
  const [one, ...others] = nodes
  for (const other of others) expect(other.knows(), `${other.name} and ${one!.name}`).toEqual(one!.knows())
  for (const a of nodes) {
    for (const b of nodes) {
      if (a === b) continue
      const view = a.viewOf(b.name)
      expect(view, `${b.name} as ${a.name} sees it`).toMatchObject({ role: b.role, version: '1.0.0' })
      expect(view!.since, `${b.name} as ${a.name} sees it`).not.toBeNull()
      const maySpeak = a.role !== 'mirror' && b.role !== 'mirror'
      expect(view!.presence, `${b.name} as ${a.name} sees it`).toBe(maySpeak ? 'online' : null)
    }
  }
}

/** A second epoch that everybody whom a node knows goes on in. */
function nextEpoch(knownTo: SimulatedNode): Uint8Array {
  const closes = knownTo.roster.certificates().map((bytes) => {
    const { device, incarnation } = decodeCertificate(bytes)!
    return { device, incarnation, cut: null }
  })
  return encodeRecord(team.epochRecord({ epoch: 2, previous: recordHash(first), closes }))
}

/** A peer that wants in, or wants to do harm, in one of many ways. */
class Hostile implements Endpoint {
  readonly name = 'mallory'
  readonly noise = noiseOf('mallory')
  readonly #network: Network
  /** What it has been shown at gates, and told behind them. */
  readonly heard: { gates: Uint8Array[]; messages: [MessageKind, Uint8Array][] } = { gates: [], messages: [] }

  constructor(network: Network) {
    this.#network = network
  }

  get endpoint(): Endpoint {
    return this
  }

  connected(conn: number, info: { side: Side; handshakeHash: Uint8Array }): Uint8Array {
    const { random } = this.#network
    this.#network.after(random() * 4000, () => this.#attack(conn))
    // Half of them were given the key once, as somebody with a mirror key is.
    if (random() < 0.5) {
      const secrets = team.secrets('mirror')
      this.#network.after(0, () =>
        this.#network.send(conn, 'hello', encodeHello('1.0.0', secrets, info, NOW)),
      )
      return gateHandshake([gateKeyOf(secrets)], info, (length) => this.#network.bytes(length))
    }
    const replayed = this.heard.gates.length > 0 && random() < 0.5 && this.#network.pick(this.heard.gates)
    return replayed || this.#network.bytes(this.#network.pick([0, 1, 257, 4096]))
  }

  opened(_conn: number, handshake: Uint8Array): void {
    this.heard.gates.push(handshake)
  }

  received(_conn: number, message: MessageKind, bytes: Uint8Array): void {
    this.heard.messages.push([message, bytes])
  }

  closed(): void {
    // It comes again by itself.
  }

  #attack(conn: number): void {
    const { random } = this.#network
    const times = this.#network.pick([1, 5, 200])
    const [message, bytes] = this.#message()
    for (let i = 0; i < times; i++) this.#network.send(conn, message, bytes)
    if (random() < 0.7) this.#network.after(random() * 500, () => this.#attack(conn))
  }

  /** Noise, too much of it, something of another team, or something right with one byte changed. */
  #message(): [MessageKind, Uint8Array] {
    const kind = this.#network.pick(MESSAGE_KINDS)
    const size = this.#network.pick([0, 1, 145, 249, 249 * 3, 70_000])
    const foreign: [MessageKind, Uint8Array][] = [
      ['record', encodeRecord(other.epochRecord())],
      ['certificates', other.certificate('mallory')],
      ['certificates', certificateBy(other.admin, team.teamId, 'mallory')],
      ['certificates', concat(team.certificate('node 0'), other.certificate('mallory'))],
      ['statements', other.statement('mallory', 'left', 1)],
      ['statements', certificateBy(other.admin, team.teamId, 'mallory').subarray(0, 145)],
    ]
    const known = this.heard.messages
    if (this.#network.random() < 0.3 && known.length > 0) {
      const [message, bytes] = this.#network.pick(known)
      const at = Math.floor(this.#network.random() * bytes.length)
      // The state of a presence may be changed: it is one's own to say.
      if (message !== 'presence') return [message, bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))]
    }
    return this.#network.random() < 0.5 ? this.#network.pick(foreign) : [kind, this.#network.bytes(size)]
  }
}

/** A team of some size in which much goes wrong for two minutes, and then nothing for one. */
function troubled(seed: number): SimulatedNode[] {
  const network = new Network(seed)
  const size = 2 + Math.floor(network.random() * 6)
  const roles = ['member', 'member', 'member', 'reader', 'mirror'] as const
  const nodes = Array.from(
    { length: size },
    (_, i) => new SimulatedNode(network, team, `node ${i}`, i === 0 ? 'member' : network.pick(roles)),
  )
  const founder = nodes[0]!
  const discovery = new Discovery(network, nodes)
  for (const node of nodes.slice(1)) network.after(network.random() * 20 * SECOND_MS, () => void node.start())
  network.after(network.random() * 20 * SECOND_MS, () => {
    founder.start()
    founder.mesh.publish('record', encodeRecord(first))
  })
  const floors = new Map<SimulatedNode, number>()
  const troubles = [
    () => discovery.divide(() => Math.floor(network.random() * 2)),
    () => discovery.divide(() => 0),
    () => {
      const node = network.pick(nodes)
      for (const conn of node.connections()) if (network.random() < 0.5) network.cut(conn)
    },
    () => {
      const node = network.pick(nodes)
      if (!node.isRunning) return
      node.stop()
      network.after(network.random() * 40 * SECOND_MS, () => {
        if (!node.isRunning) node.start(network.pick(PRESENCES))
      })
    },
    () => {
      const node = network.pick(nodes)
      if (!node.isRunning) return
      const floor = (floors.get(node) ?? 0) + 1 + Math.floor(network.random() * 5)
      floors.set(node, floor)
      node.mesh.publish('statement', team.statement(node.name, 'floor', floor))
    },
    () => {
      if (founder.isRunning && founder.roster.epoch === 1) founder.mesh.publish('record', nextEpoch(founder))
    },
  ]
  for (let i = 0; i < 20; i++) {
    network.after((20 + network.random() * 100) * SECOND_MS, network.pick(troubles))
  }
  network.run(170 * SECOND_MS)
  discovery.divide(() => 0)
  for (const node of nodes) {
    if (!node.isRunning) node.start()
    node.mesh.setPresence('online')
  }
  network.run(60 * SECOND_MS)
  return nodes
}

describe(`Teams in simulated time (seed ${SEED})`, () => {
  test(`${TEAMS} of them agree after restarts, broken connections and partitions`, () => {
    for (let i = 0; i < TEAMS; i++) {
      const seed = (SEED + i) >>> 0
      const nodes = troubled(seed)
      try {
        expectAgreement(nodes)
        for (const node of nodes) {
          // Everybody is in, and nobody took an honest teammate for a stranger.
          expect(node.roster.writers().filter(({ hasLeft }) => !hasLeft)).toHaveLength(nodes.length)
          for (const reason of [
            'wrong_key',
            'forged_issuer',
            'invalid_certificate',
            'too_many_messages',
          ] as const) {
            expect(node.refused.get(reason), `${node.name}: ${reason}`).toBeUndefined()
          }
        }
      } catch (error) {
        throw new Error(`with VIBETEA_SEED=${seed}`, { cause: error })
      }
    }
  })

  test('twenty who join at once know each other within seconds', () => {
    const network = new Network(SEED)
    const nodes = Array.from({ length: 20 }, (_, i) => new SimulatedNode(network, team, `node ${i}`))
    for (const node of nodes) node.start()
    nodes[0]!.mesh.publish('record', encodeRecord(first))
    new Discovery(network, nodes)
    network.run(15 * SECOND_MS)
    expectAgreement(nodes)
  })

  test('strangers, replays, forgeries and floods leave a team as it was', () => {
    for (let i = 0; i < 20; i++) {
      const network = new Network(SEED + i)
      const nodes = ['member', 'reader', 'member', 'mirror'].map(
        (role, n) => new SimulatedNode(network, team, `node ${n}`, role as Role),
      )
      for (const node of nodes) node.start()
      nodes[0]!.mesh.publish('record', encodeRecord(first))
      new Discovery(network, nodes)
      network.run(10 * SECOND_MS)
      const before = nodes.map((node) => node.knows())
      const mallory = new Hostile(network)
      for (let attack = 0; attack < 60; attack++) {
        network.after(network.random() * 60 * SECOND_MS, () => void network.pick(nodes).connect(mallory))
      }
      network.run(70 * SECOND_MS)
      expect(nodes.map((node) => node.knows())).toEqual(before)
      expectAgreement(nodes)
      for (const node of nodes) {
        expect(node.viewOf('mallory')).toBeUndefined()
        expect(node.connections()).toHaveLength(nodes.length - 1)
        // Each thing that is refused is bounded by its connection, however much it sends.
        const refused = [...node.refused.values()].reduce((sum, count) => sum + count, 0)
        expect(refused).toBeGreaterThan(0)
        expect(refused).toBeLessThan(60 * 40)
      }
      expect(mallory.heard.messages.filter(([message]) => message === 'presence')).toEqual([])
    }
  })

  test('a node that nobody meets directly is known through others', () => {
    const network = new Network(SEED)
    const [ann, ben, cem] = ['ann', 'ben', 'cem'].map((name) =>
      new SimulatedNode(network, team, name).start(),
    )
    ann!.connect(ben!)
    network.run(2 * SECOND_MS)
    ann!.stop()
    network.run(SECOND_MS)
    cem!.connect(ben!)
    network.run(2 * SECOND_MS)
    expect(cem!.knows()).toEqual(ben!.knows())
    expect(cem!.viewOf('ann')).toMatchObject({ since: null, lastSeen: null, version: null, presence: null })
    expect(cem!.roster.writerOf(ann!.noise)?.incarnation).toEqual(incarnationOf('ann'))
    expect(cem!.viewOf('ann')!.device).toEqual(deviceOf('ann').publicKey)
  })
})
