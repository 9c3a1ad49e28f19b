import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { CERTIFICATE_BYTES, decodeCertificate } from '../../core/certificate.ts'
import type { Event } from '../../core/events.ts'
import { z32Bytes } from '../../core/hash.ts'
import { keyText, topicOf } from '../../core/secrets.ts'
import { DeviceKey } from '../../node/home/device-key.ts'
import { clientIdOf } from '../../node/team/author-doc.ts'
import { BesiegedTeam } from '../support/besieged-team.ts'
import { eventId, promptAt } from '../support/events.ts'
import type { HostilePeer } from '../support/hostile-peer.ts'
import type { RawConnection } from '../node/mesh-net/mesh-world.ts'

const certificates = (all: readonly Uint8Array[]) =>
  Array.from({ length: Math.ceil(all.length / 64) }, (_, i) => Buffer.concat(all.slice(i * 64, i * 64 + 64)))

/** The certificate of a device, as a connection was given it. */
function certificateIn({ received }: RawConnection, device: Uint8Array): Uint8Array {
  const bytes = Buffer.concat(received)
  for (let at = bytes.indexOf(device); at >= 0; at = bytes.indexOf(device, at + 1)) {
    const found = bytes.subarray(at - 41, at - 41 + CERTIFICATE_BYTES)
    if (decodeCertificate(found)?.epoch === 1) return found
  }
  throw new Error('no such certificate came')
}

test('a stranger who knows where a team meets learns nothing of it, and harms nothing', async () => {
  const team = await BesiegedTeam.found()
  const strangers: HostilePeer[] = []
  const stranger = (opens: (connection: RawConnection) => Uint8Array) => {
    const peer = team.peer(team.mirrorKey, { opens, introduces: () => {}, replicates: false })
    strangers.push(peer)
    return peer.join(1)
  }
  await stranger(() => Buffer.concat([Uint8Array.of(1), randomBytes(256)]))
  // The proof of another connection.
  const proof = Buffer.concat([Uint8Array.of(1), randomBytes(256)])
  const member = team.peer(team.memberKey)
  const [open] = await member.join()
  await stranger(() => open!.handshake ?? proof)
  // Batches of messages in one another, deeper than a stack, and what fills the room before the gate.
  const nested = Buffer.from([0, 0, 0xfe, 0xff, 0xff, 0xff, 0x7f])
  const deep = Buffer.concat([Uint8Array.of(0), ...Array.from({ length: 30_000 }, () => nested)])
  const garbage = (bytes: Uint8Array) => (connection: RawConnection) => {
    connection.stream.write(Buffer.from(bytes))
    return proof
  }
  await stranger(garbage(deep))
  await stranger(garbage(randomBytes(1_000_000)))
  const { peers } = await team.status(({ refused }) => (refused.wrong_key ?? 0) >= 2)
  const learned = Buffer.concat(
    strangers.flatMap(({ connections }) => connections.flatMap(({ received }) => received)),
  )
  const devices = peers.map(({ device }) => Buffer.from(z32Bytes(device)!))
  for (const secret of [
    ...devices,
    Buffer.from(member.teamId),
    Buffer.from(topicOf(member.secrets)),
    'Ada',
    'harbour',
  ])
    expect(learned.includes(secret)).toBe(false)
  await team.isUnharmed()
}, 60_000)

test("who holds a key and gossips harm changes nobody else's place and fills nothing", async () => {
  const team = await BesiegedTeam.found()
  const mirror = team.peer(team.mirrorKey)
  const [open] = await mirror.join()
  const { peers } = await team.status(({ peers }) => peers.some(({ name }) => name === 'Bruno'))
  const bruno = peers.find(({ name }) => name === 'Bruno')!
  const device = z32Bytes(bruno.device)!
  const right = certificateIn(open!, device)
  const { incarnation } = decodeCertificate(right)!
  // Bruno's own certificate, issued anew as a mirror's.
  const lesser = Buffer.concat([
    right.subarray(0, -128),
    mirror.certificate().subarray(-128, -64),
    right.subarray(-64),
  ])
  mirror.send('certificates', lesser)
  mirror.send('certificates', mirror.certificate({ issuer: new DeviceKey(randomBytes(32)) }))
  mirror.send('certificates', mirror.certificate({ teamId: randomBytes(32) }))
  mirror.send('statements', mirror.statement('left', 0, { device, incarnation }))
  mirror.send('statements', mirror.statement('floor', Number.MAX_SAFE_INTEGER, { device, incarnation }))
  mirror.send('statements', mirror.statement('floor', Number.MAX_SAFE_INTEGER))
  await team.status(({ refused }) =>
    ['forged_issuer', 'other_team', 'invalid_statement'].every((reason) => refused[reason]),
  )

  const { role } = (await team.status()).peers.find(({ name }) => name === 'Bruno')!
  expect(role).toBe('member')

  const large = team.peer(team.mirrorKey, {
    introduces: (connection) => connection.send('hello', randomBytes(1_000_000)),
  })
  await large.join()
  await team.status(({ refused }) => (refused.message_too_large ?? 0) > 0)

  const member = team.peer(team.memberKey)
  await member.join()
  for (let i = 0; i < 6000; i++) member.send('presence', Uint8Array.of(i % 4))
  await team.status(({ refused }) => (refused.too_many_messages ?? 0) > 0)

  const flooding = team.peer(team.memberKey)
  await flooding.join()
  const crowd = Array.from({ length: 270 }, () => new DeviceKey(randomBytes(32)))
  const all = crowd.map((each) => flooding.certificate({ device: each, noise: randomBytes(32) }))
  const again = Array.from({ length: 12 }, () =>
    flooding.certificate({ incarnation: new Uint8Array(randomBytes(8)) }),
  )
  for (const bytes of certificates([...again, ...all])) flooding.send('certificates', bytes)
  await team.status(
    ({ refused }) => (refused.too_many_devices ?? 0) > 0 && (refused.too_many_incarnations ?? 0) > 0,
  )
  for (let i = 0; i < 100; i++) flooding.send('statements', flooding.statement('floor', 2 ** 40 + i))
  await team.status(({ refused }) => (refused.too_many_statements ?? 0) > 0)
  await team.isUnharmed()
}, 60_000)

test("what is wrong in a member's log is left out and counted; the rest is read", async () => {
  const team = await BesiegedTeam.found()
  const member = team.peer(team.memberKey)
  const { source } = member
  const log = await member.log()
  const now = Date.now()
  const event = (n: number, changes: object = {}): Event => ({
    ...promptAt(now, { id: n, source }),
    ...changes,
  })
  const sealed = (seq: number, events: Event[]) => log.seal(log.batch(events, seq), seq)
  const wrong: ((seq: number) => Uint8Array)[] = [
    () => randomBytes(300),
    (seq) => log.seal(randomBytes(300), seq),
    (seq) => log.seal(log.batch([event(2)], seq, new DeviceKey(randomBytes(32))), seq),
    (seq) => log.seal(log.batch([event(3)], seq + 1), seq),
    (seq) => log.seal(log.batch([event(4)], seq), seq + 1),
    (seq) => sealed(seq, [event(5, { source: 'bruno-ybndrf' })]),
    (seq) => sealed(seq, [event(6, { eventType: 'gossip' })]),
    (seq) => sealed(seq, [event(7, { payload: { prompt: 'all of it' } })]),
    (seq) =>
      log.seal(
        log.frame(Buffer.from(JSON.stringify(Array.from({ length: 10_000 }, (_, i) => event(i)))), seq),
        seq,
      ),
    (seq) => log.seal(log.frame(Buffer.alloc(32 * 1024 * 1024, ' '), seq), seq),
    (seq) => log.seal(log.frame(Buffer.from('['.repeat(1_000_000)), seq), seq),
  ]
  for (const make of wrong) await log.append(1, make)
  // Many that look alike, and one of the far future, are events all the same.
  const alike = Array.from({ length: 2000 }, (_, i) =>
    event(0, { id: `evt_aaaaaaaa${String(i).padStart(12, '0')}` }),
  )
  for (let i = 0; i < alike.length; i += 400)
    await log.append(1, (seq) => sealed(seq, alike.slice(i, i + 400)))
  await log.append(1, (seq) =>
    sealed(seq, [promptAt('2099-01-01T00:00:00.000Z', { id: eventId(9), source })]),
  )
  // Plaintext, last: it looks like a block of an epoch that is still to come.
  await log.append(1, (seq) => log.batch([event(1)], seq))
  await member.join()
  const own = () => team.ada.ids().then((ids) => ids.filter((id) => id.startsWith('mallory-')))
  await expect.poll(async () => (await own()).length, { timeout: 20_000 }).toBe(2001)
  const { refused } = await team.status()
  expect(refused.invalid_event).toBeGreaterThanOrEqual(wrong.length)

  // A reader has no log of events, whatever it writes.
  const reader = team.peer(team.readerKey)
  const readers = await reader.log()
  await readers.append(1, (seq) =>
    readers.seal(readers.batch([promptAt(now, { id: 10, source: reader.source })], seq), seq),
  )
  await reader.join()
  await team.status(({ peers }) => peers.some(({ device }) => device === reader.device.device))

  // Two histories of one log.
  const twin = team.peer(team.memberKey, { as: member })
  const other = await twin.log()
  await other.append(40, (seq) => other.seal(other.batch([], seq), seq))
  await twin.join()
  await team.status(({ peers }) => peers.some(({ problem }) => problem?.includes('two histories')))
  expect((await team.ada.ids()).some((id) => id.startsWith(reader.source))).toBe(false)
  await team.isUnharmed()
}, 60_000)

test('a log that grows without end is paused, and who asks and does not read fills nothing', async () => {
  const team = await BesiegedTeam.found()
  const member = team.peer(team.memberKey)
  const log = await member.log()
  const open = await member.join()
  for (let i = 0; i < 17; i++) await log.append(16, () => randomBytes(256 * 1024))
  const { peers } = await team.status(({ peers }) => peers.some(({ problem }) => problem !== null))
  expect(peers.find(({ problem }) => problem)?.problem).toMatch(/grew by more than 64 MiB today/)
  for (const { stream } of open) stream.pause()
  for (const wire of log.wires())
    for (let i = 1; i < 60_000; i++) {
      const block = { index: i % 200, nodes: 0 }
      const nothing = { hash: null, seek: null, upgrade: null, manifest: false }
      wire.wireRequest.send({ id: i, fork: 0, block, ...nothing, priority: 0 })
    }
  await team.status(({ refused }) => (refused.too_slow ?? 0) > 0)
  await team.isUnharmed()
}, 60_000)

test("of a profile only what is its author's and can be shown is taken", async () => {
  const team = await BesiegedTeam.found()
  const member = team.peer(team.memberKey)
  await member.join()
  const log = await member.log('state')
  const clientId = clientIdOf(member.device.publicKey, member.incarnation)
  const update = (client: number, values: Record<string, unknown>) => {
    const doc = new Y.Doc()
    doc.clientID = client
    for (const [key, value] of Object.entries(values)) doc.getMap('profile').set(key, value)
    return Y.encodeStateAsUpdate(doc)
  }
  // What it has forgotten is in its log of events, so its name is still there.
  member.send('statements', member.statement('floor', 1000))
  const names = ['\u202eadA', 'Ada\u0007', 'x'.repeat(10_000)]
  const sealed = (make: (seq: number) => Uint8Array) => log.append(1, (seq) => log.seal(make(seq), seq))
  await sealed((seq) => log.update(update(clientId + 1, { name: 'Bruno' }), seq))
  await sealed((seq) => log.update(randomBytes(60_000), seq))
  await sealed((seq) => log.frame(Buffer.alloc(10_000_000, 'a'), seq, 'vibetea/state/1'))
  for (const name of names) await sealed((seq) => log.update(update(clientId + 2, { name }), seq))
  await sealed((seq) => log.update(update(clientId, { name: 'Mallory', source: 'bruno-ybndrf' }), seq))
  const { peers, refused } = await team.status(({ peers }) => peers.some(({ name }) => name === 'Mallory'))
  expect(peers.find(({ name }) => name === 'Mallory')?.source).toMatch(/^unknown-/)
  expect(refused.invalid_profile).toBeGreaterThanOrEqual(4)
  expect(peers.map(({ device }) => device)).toContain(keyText(member.device.publicKey))
  await team.isUnharmed()
}, 60_000)
