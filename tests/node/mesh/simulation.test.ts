import { describe, expect, test } from 'vitest'
import { PRESENCES } from '../../../core/api.ts'
import { encodeRecord, recordHash } from '../../../core/epoch.ts'
import { decodeCertificate } from '../../../core/certificate.ts'
import { SEED } from '../../core/support.ts'
import { Discovery, Network, SimulatedNode } from './simulator.ts'
import { deviceOf, incarnationOf, teamOf } from './team.ts'

/**
 * Whole teams in simulated time. A failed run is repeated with `VIBETEA_SEED=<seed of the test's name>`, which is that of
 * the first team; the others follow it.
 */
const TEAMS = 150

const team = teamOf('tea')
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
