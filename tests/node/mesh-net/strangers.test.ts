import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { deviceOf, teamOf } from '../mesh/team.ts'
import {
  bootstrapNode,
  certificateOf,
  eventually,
  fastTimers,
  helloOf,
  meshOf,
  RawPeer,
  rightHandshake,
  TEAM,
  type RawConnection,
} from './mesh-world.ts'

const ofRandom = () => Uint8Array.from([1, ...randomBytes(256)])

it('a stranger with the topic but no key learns nothing: no name, no count, no key of a device or log', async () => {
  const bootstrap = await bootstrapNode()
  const [ada, ben] = [await meshOf('ada', { bootstrap }), await meshOf('ben', { bootstrap })]
  await eventually(() => ada.mesh.core.peers().length === 1 && ben.mesh.core.peers().length === 1)
  const eve = new RawPeer('eve', bootstrap, ofRandom).join(TEAM)
  await eventually(() => eve.connections.length >= 3 && eve.connections.every(({ isClosed }) => isClosed))
  expect(ada.mesh.refused.wrong_key).toBeGreaterThan(0)
  expect(ada.served.concat(ben.served).some((stream) => stream.remotePublicKey.equals(eve.noise))).toBe(false)
  const seen = eve.connections.map(({ received }) => Buffer.concat(received))
  const protocol = Buffer.from('vibetea/gate/1')
  for (const bytes of seen) {
    // One message that opens the channel: its number, the protocol's name, and 257 bytes, whoever is there.
    expect(bytes.length).toBeLessThanOrEqual(4 + 1 + protocol.length + 1 + 257)
    const { teamId } = TEAM
    const telling = [teamId, deviceOf('ada').publicKey, deviceOf('ben').publicKey, ada.noise, ben.noise]
    for (const secret of telling) expect(bytes.includes(Buffer.from(secret))).toBe(false)
  }
  const handshakes = eve.connections.flatMap(({ handshake }) => handshake ?? [])
  const blocks = handshakes.flatMap((bytes) => {
    return Array.from({ length: 8 }, (_, i) =>
      Buffer.from(bytes.subarray(1 + i * 32, 33 + i * 32)).toString('hex'),
    )
  })
  // Nothing in it comes twice, in one connection or over several.
  expect(new Set(blocks).size).toBe(blocks.length)
})

it('a proof that was seen on one connection is worth nothing on another', async () => {
  const bootstrap = await bootstrapNode()
  const ada = await meshOf('ada', { bootstrap })
  const seen: RawConnection[] = []
  const eve = new RawPeer('eve', bootstrap, (connection) => {
    seen.push(connection)
    return seen.find(({ handshake }) => handshake)?.handshake ?? ofRandom()
  }).join(TEAM)
  await eventually(() => (ada.mesh.refused.wrong_key ?? 0) >= 2)
  expect(eve.connections.length).toBeGreaterThan(1)
  expect(ada.served).toEqual([])
})

it('a hello of 1 MB is cut off, before the gate and after it', async () => {
  const bootstrap = await bootstrapNode()
  const ada = await meshOf('ada', { bootstrap })
  const big = new Uint8Array(1024 * 1024)
  const eve = new RawPeer('eve', bootstrap, () => big).join(TEAM)
  await eventually(() => (ada.mesh.refused.message_too_large ?? 0) > 0 && eve.connections[0]!.isClosed)
  expect(ada.served).toEqual([])
  await eve.swarm.destroy({ force: true })
  const before = ada.mesh.refused.message_too_large!
  new RawPeer('mallory', bootstrap, (connection) => {
    queueMicrotask(() => connection.send('hello', big))
    return rightHandshake(TEAM)(connection)
  }).join(TEAM)
  await eventually(() => ada.mesh.refused.message_too_large! > before)
})

it('who holds the key but shows a certificate of another team, or says nothing, is dropped', async () => {
  const bootstrap = await bootstrapNode()
  const timers = fastTimers(10)
  const ada = await meshOf('ada', { bootstrap, timers })
  const other = teamOf('other')
  const eve = new RawPeer('eve', bootstrap, (connection) => {
    queueMicrotask(() => {
      connection.send('hello', helloOf(TEAM, connection))
      connection.send('certificates', certificateOf(other, 'eve'))
    })
    return rightHandshake(TEAM)(connection)
  }).join(TEAM)
  await eventually(() => (ada.mesh.refused.no_certificate ?? 0) > 0 && eve.connections[0]!.isClosed)
  expect(ada.mesh.refused.other_team).toBeGreaterThan(0)
  expect(ada.mesh.core.peers()).toEqual([])
  await eve.swarm.destroy({ force: true })
  new RawPeer('mallory', bootstrap, rightHandshake(TEAM)).join(TEAM)
  await eventually(() => (ada.mesh.refused.too_slow ?? 0) > 0)
})
