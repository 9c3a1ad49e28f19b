import { describe, expect, test } from 'vitest'
import { concat, uint64 } from '../../../core/bytes.ts'
import { encodeRecord } from '../../../core/epoch.ts'
import { Rig, team } from './rig.ts'
import { NOW, bytesOf, deviceOf, incarnationOf, noiseOf } from './team.ts'

const ONLINE = Uint8Array.of(0)
const ACTIVE = Uint8Array.of(1)
const record = encodeRecord(team.epochRecord())

describe('A teammate', () => {
  test('is served, and told all that is known, once it has passed the gate', () => {
    const rig = new Rig()
    rig.mesh.publish('record', record)
    for (let i = 0; i < 70; i++) rig.mesh.publish('certificate', team.certificate(`mate ${i}`))
    rig.mesh.publish('statement', team.statement('mate 0', 'floor', 4))
    const ann = rig.connect('ann')
    expect(rig.sent).toEqual([])
    ann.pass()
    expect(rig.replicated).toEqual([ann.conn])
    expect(rig.sentTo(ann)).toEqual(['hello', 'record', 'certificates', 'certificates', 'statements'])
    expect(rig.destroyed).toEqual([])
  })

  test('is listed with version, role and times from its certificate on', () => {
    const rig = new Rig()
    const since = rig.now
    const rob = rig.connect('rob', team.secrets('reader')).pass().hello()
    expect(rig.mesh.peers()).toEqual([])
    rig.wait(2)
    rob.send('certificates', team.certificate('rob', { role: 'reader' }))
    expect(rig.mesh.peers()).toEqual([
      {
        device: deviceOf('rob').publicKey,
        incarnation: incarnationOf('rob'),
        noise: noiseOf('rob'),
        role: 'reader',
        version: '1.3.0',
        clockAheadMs: NOW - since,
        presence: null,
        since,
        lastSeen: rig.now,
      },
    ])
    const lastSeen = rig.now
    rig.wait(60)
    rob.close()
    expect(rig.mesh.peers()).toMatchObject([{ since: null, lastSeen, version: '1.3.0' }])
  })

  test('hears once what is new, from everybody but itself', () => {
    const rig = new Rig()
    const [ann, ben, cem] = [rig.enter('ann'), rig.enter('ben'), rig.enter('cem')]
    rig.sent.length = 0
    ann.send(
      'certificates',
      concat(team.certificate('dan'), team.certificate('ann'), team.certificate('eve')),
    )
    expect(rig.sent).toEqual(
      [ben, cem].map(({ conn }) => ({
        conn,
        message: 'certificates',
        bytes: concat(team.certificate('dan'), team.certificate('eve')),
      })),
    )
    rig.sent.length = 0
    ben.send('certificates', team.certificate('dan'))
    expect(rig.sent).toEqual([])
    expect(rig.learned.map(([kind]) => kind)).toEqual(Array<string>(5).fill('certificate'))
  })

  test('that leaves is gone from the list, and is closed soon', () => {
    const rig = new Rig()
    const ann = rig.enter('ann').send('statements', team.statement('ann', 'left', 3))
    expect(rig.mesh.peers()).toEqual([])
    rig.wait(4)
    expect(rig.whyClosed(ann)).toBeNull()
    rig.wait(3)
    expect(rig.whyClosed(ann)).toBe('no_certificate')
  })

  test('may be connected twice', () => {
    const rig = new Rig()
    const [one, two] = [rig.enter('ann'), rig.enter('ann')]
    one.send('presence', ONLINE)
    rig.wait(1)
    two.send('presence', ACTIVE)
    expect(rig.mesh.peers()).toMatchObject([{ presence: 'active' }])
    two.close()
    expect(rig.mesh.peers()).toMatchObject([{ presence: 'online', since: expect.any(Number) as number }])
    one.close()
    expect(rig.mesh.peers()).toMatchObject([{ presence: null, since: null }])
  })

  test('that claims the Noise key of another takes nobody off the list', () => {
    const rig = new Rig()
    rig.enter('ann').send('presence', ACTIVE)
    rig
      .enter('mallory')
      .send('certificates', team.certificate('mallory 2', { noise: noiseOf('ann'), issuedAt: 9e15 }))
    expect(rig.viewOf('ann')).toMatchObject({ presence: 'active', since: expect.any(Number) as number })
  })
})

describe('Whoever does not belong here', () => {
  test('learns nothing with the topic but without the key', () => {
    const rig = new Rig()
    rig.mesh.publish('certificate', team.certificate('self'))
    const stranger = rig.connect('stranger').pass(new Uint8Array(257).fill(1))
    expect(rig.whyClosed(stranger)).toBe('wrong_key')
    expect(rig.sent).toEqual([])
    expect(rig.replicated).toEqual([])
    expect(rig.refused).toEqual(['wrong_key'])
    stranger.hello().send('certificates', team.certificate('stranger'))
    expect(rig.sent).toEqual([])
    expect(rig.mesh.peers()).toEqual([])
  })

  test('does not enter with a proof that it heard elsewhere, or was shown', () => {
    const rig = new Rig()
    const overheard = rig.connect('ann').proof
    const replaying = rig.connect('mallory').pass(overheard)
    expect(rig.whyClosed(replaying)).toBe('wrong_key')
    const reflecting = rig.connect('mallory')
    reflecting.pass(reflecting.shown)
    expect(rig.whyClosed(reflecting)).toBe('replayed_proof')
    expect(rig.replicated).toEqual([])
  })

  test('does not enter with the key of another team', () => {
    const rig = new Rig()
    const secrets = { ...team.secrets(), mirror: bytesOf('another mirror secret') }
    expect(rig.whyClosed(rig.connect('ann', secrets).pass())).toBe('wrong_key')
  })

  test('is closed where it says anything before the gate', () => {
    const rig = new Rig()
    const peer = rig.connect('mallory').send('certificates', team.certificate('mallory'))
    expect(rig.whyClosed(peer)).toBe('no_gate')
    expect(rig.roster.writers()).toEqual([])
    peer.pass()
    expect(rig.replicated).toEqual([])
  })

  test('is closed after 5 s without a proof, without a hello or without a certificate', () => {
    const rig = new Rig()
    const silent = rig.connect('a')
    const wordless = rig.connect('b').pass()
    const curious = rig.connect('c').pass().hello()
    const mate = rig.connect('d').pass().hello()
    rig.wait(4)
    mate.send('certificates', team.certificate('d'))
    expect(rig.destroyed).toEqual([])
    rig.wait(1)
    expect(rig.whyClosed(silent)).toBe('too_slow')
    expect(rig.whyClosed(wordless)).toBe('too_slow')
    expect(rig.whyClosed(curious)).toBe('no_certificate')
    rig.wait(600)
    expect(rig.whyClosed(mate)).toBeNull()
  })

  test('is closed where it is this very device: a copy of its home', () => {
    const rig = new Rig()
    expect(rig.whyClosed(rig.connect('self').pass())).toBe('own_key')
  })

  test.each([
    ['a hello of 1 MB', 'hello', new Uint8Array(1024 * 1024), 'message_too_large'],
    ['a hello without a version', 'hello', new Uint8Array(64), 'malformed_message'],
    ['a hello with half a proof', 'hello', new Uint8Array(40), 'malformed_message'],
    ['nothing at all', 'hello', new Uint8Array(), 'malformed_message'],
    [
      'a version that is none',
      'hello',
      concat(new Uint8Array(64), Buffer.from('1.0\u001b[2J')),
      'malformed_message',
    ],
    [
      'proofs that are wrong',
      'hello',
      concat(bytesOf('r'), bytesOf('w'), uint64(NOW), Buffer.from('1.0')),
      'wrong_key',
    ],
    ['certificates before a hello', 'certificates', team.certificate('x'), 'malformed_message'],
  ] as const)('is closed where its first message is %s', (_, message, bytes, reason) => {
    const rig = new Rig()
    expect(rig.whyClosed(rig.connect('x').pass().send(message, bytes))).toBe(reason)
    expect(rig.roster.writers()).toEqual([])
  })

  test.each([
    [
      'a second hello',
      'hello',
      (peer: { helloBytes(): Uint8Array }) => peer.helloBytes(),
      'malformed_message',
    ],
    ['a record of 300 KiB', 'record', () => new Uint8Array(300 * 1024), 'message_too_large'],
    ['65 certificates', 'certificates', () => new Uint8Array(65 * 265), 'message_too_large'],
    ['half a certificate', 'certificates', () => team.certificate('x').subarray(0, 100), 'malformed_message'],
    ['no certificate', 'certificates', () => new Uint8Array(), 'malformed_message'],
    ['half a statement', 'statements', () => new Uint8Array(7), 'malformed_message'],
    ['a presence that is none', 'presence', () => Uint8Array.of(4), 'malformed_message'],
    ['a long presence', 'presence', () => Uint8Array.of(0, 0), 'message_too_large'],
  ] as const)('is closed where it sends %s', (_, message, bytes, reason) => {
    const rig = new Rig()
    const peer = rig.enter('ann')
    expect(rig.whyClosed(peer.send(message, bytes(peer)))).toBe(reason)
  })

  test('is closed after 32 things that no honest peer sends', () => {
    const rig = new Rig()
    const mallory = rig.enter('mallory')
    const forged = team.certificate('x').map((byte, i) => (i === 200 ? byte ^ 1 : byte))
    for (let i = 0; i < 10_000; i++) mallory.send('certificates', concat(forged, forged, forged))
    expect(rig.whyClosed(mallory)).toBe('invalid_certificate')
    expect(rig.refused).toHaveLength(33)
    expect(rig.roster.writers()).toHaveLength(1)
  })

  test('is closed where it floods the node with what is known, of another epoch or of no news', () => {
    const floods = [
      ['certificates', team.certificate('ann')],
      ['certificates', team.certificate('ann', { epoch: 9 })],
      ['statements', team.statement('nobody', 'floor', 1)],
      ['presence', ONLINE],
    ] as const
    for (const [message, bytes] of floods) {
      const rig = new Rig()
      const ann = rig.enter('ann')
      for (let i = 0; i < 5000; i++) ann.send(message, bytes)
      expect(rig.whyClosed(ann), message).toBe('too_many_messages')
      expect(rig.learned).toHaveLength(1)
    }
  })

  test('leaves nothing behind, however often it comes', () => {
    const rig = new Rig()
    for (let i = 0; i < 2000; i++) rig.connect(`stranger ${i}`).pass(new Uint8Array(257))
    expect(rig.refused).toHaveLength(2000)
    rig.wait(10)
    expect(rig.refused).toHaveLength(2000)
    expect(rig.mesh.peers()).toEqual([])
    expect(rig.sent).toEqual([])
  })

  test('brings no stranger in: forged, foreign and unsigned things are not passed on', () => {
    const rig = new Rig()
    const ann = rig.enter('ann')
    rig.enter('ben')
    rig.sent.length = 0
    ann.send(
      'record',
      record.map((byte, i) => (i === record.length - 1 ? byte ^ 1 : byte)),
    )
    ann.send(
      'certificates',
      team.certificate('x').map((byte, i) => (i === 130 ? byte ^ 1 : byte)),
    )
    ann.send(
      'statements',
      team.statement('ben', 'left', 1).map((byte, i) => (i === 81 ? byte ^ 1 : byte)),
    )
    expect(rig.refused).toEqual(['invalid_record', 'forged_issuer', 'invalid_statement'])
    expect(rig.sent).toEqual([])
    expect(rig.mesh.peers()).toHaveLength(2)
    expect(rig.destroyed).toEqual([])
  })
})

describe('Presence', () => {
  test('is told to whoever holds R, at once and every 10 s, and to no mirror', () => {
    const rig = new Rig()
    const [ann, rob, mia] = [rig.enter('ann'), rig.enter('rob', 'reader'), rig.enter('mia', 'mirror')]
    rig.mesh.setPresence('waiting')
    const dan = rig.enter('dan')
    const told = () => rig.sent.filter(({ message }) => message === 'presence')
    expect(told().map(({ conn, bytes }) => [conn, ...bytes])).toEqual([
      [ann.conn, 2],
      [rob.conn, 2],
      [dan.conn, 2],
    ])
    rig.mesh.setPresence('waiting')
    expect(told()).toHaveLength(3)
    rig.wait(30)
    expect(told()).toHaveLength(12)
    expect(rig.sentTo(mia)).not.toContain('presence')
  })

  test('of others is forgotten after 25 s of silence, and when they go', () => {
    const rig = new Rig()
    const ann = rig.enter('ann').send('presence', ACTIVE)
    expect(rig.viewOf('ann')?.presence).toBe('active')
    rig.wait(24)
    expect(rig.viewOf('ann')?.presence).toBe('active')
    const before = rig.changes
    rig.wait(1)
    expect(rig.viewOf('ann')?.presence).toBeNull()
    expect(rig.changes).toBe(before + 1)
    ann.send('presence', ONLINE)
    expect(rig.viewOf('ann')?.presence).toBe('online')
    ann.close()
    expect(rig.viewOf('ann')?.presence).toBeNull()
  })

  test('is not taken from who has not proved R', () => {
    const rig = new Rig()
    const mia = rig.enter('mia', 'mirror').send('presence', ONLINE)
    expect(rig.whyClosed(mia)).toBe('wrong_key')
    const bob = rig
      .connect('bob')
      .pass()
      .hello(concat(new Uint8Array(64), uint64(NOW), Buffer.from('1.0')))
    expect(rig.whyClosed(bob.send('presence', ONLINE))).toBe('wrong_key')
  })

  test('is neither told nor heard by a mirror', () => {
    const rig = new Rig('mirror')
    rig.mesh.publish('record', record)
    const ann = rig.enter('ann')
    rig.mesh.setPresence('online')
    rig.wait(20)
    expect(rig.sentTo(ann)).not.toContain('presence')
    expect(rig.viewOf('ann')).toMatchObject({ presence: null, version: '1.3.0', role: 'member' })
  })

  test('goes on where the clock is set back by two hours', () => {
    const rig = new Rig()
    const ann = rig.enter('ann')
    rig.mesh.setPresence('online')
    rig.now -= 2 * 60 * 60 * 1000
    rig.sent.length = 0
    rig.wait(20)
    expect(rig.sentTo(ann).length).toBeGreaterThanOrEqual(2)
    rig.connect('silent')
    rig.now -= 2 * 60 * 60 * 1000
    rig.wait(1)
    expect(rig.refused).toContain('too_slow')
  })
})

describe('What the mesh asks for', () => {
  test('may close the connection while it is asked for', () => {
    const rig = new Rig()
    for (let i = 0; i < 100; i++) rig.mesh.publish('certificate', team.certificate(`mate ${i}`))
    rig.onSend = (conn) => rig.mesh.closed(conn)
    const ann = rig.connect('ann').pass()
    expect(rig.sentTo(ann)).toEqual(['hello'])
    rig.onSend = () => undefined
    rig.onDestroy = (conn) => rig.mesh.closed(conn)
    const ben = rig.enter('ben')
    ben.send('presence', Uint8Array.of(9))
    ben.send('presence', Uint8Array.of(9))
    expect(rig.destroyed).toEqual([[ben.conn, 'malformed_message']])
    expect(rig.refused).toEqual(['malformed_message'])
  })

  test('with a record goes everything that rests on it, for who could not check it before', () => {
    const rig = new Rig()
    const rob = rig.enter('rob', 'reader')
    rig.sent.length = 0
    rig.mesh.publish('record', record)
    expect(rig.sentTo(rob)).toEqual(['record', 'certificates'])
  })
})
