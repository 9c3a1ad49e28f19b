import { describe, expect, onTestFinished, test } from 'vitest'
import * as Y from 'yjs'
import type { Profile } from '../../../core/profile.ts'
import { fitDisplayName, isDisplayName } from '../../../core/profile.ts'
import { sourceLabel } from '../../../core/identity.ts'
import { clientIdOf } from '../../../node/team/author-doc.ts'
import { OwnProfile } from '../../../node/team/own-profile.ts'
import type { Author, UpdateLog } from '../../../node/team/profiles.ts'
import { Profiles } from '../../../node/team/profiles.ts'

const ADA = new Uint8Array(32).fill(1)
const BRUNO = new Uint8Array(32).fill(2)
const FIRST = new Uint8Array(8).fill(1)
const SECOND = new Uint8Array(8).fill(2)
const ADAS = sourceLabel('macbook', ADA)

/** A state log in memory. */
class MemoryLog implements Author, UpdateLog {
  readonly device: Uint8Array
  readonly incarnation: Uint8Array
  readonly role: Author['role']
  readonly issuedAt: number
  readonly updates: Uint8Array[] = []
  isBroken = false
  readonly #listeners = new Set<() => void>()

  constructor(device: Uint8Array, incarnation = FIRST, issuedAt = 0, role: Author['role'] = 'member') {
    this.device = device
    this.incarnation = incarnation
    this.issuedAt = issuedAt
    this.role = role
  }

  async read(): Promise<Uint8Array[]> {
    if (this.isBroken) throw new Error('the disk is gone')
    return [...this.updates]
  }

  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  append(update: Uint8Array | null): void {
    if (update) this.updates.push(update)
    for (const listener of this.#listeners) listener()
  }

  /** Says something as the log's owner. */
  say(profile: Profile): void {
    this.append(new OwnProfile(this.device, this.incarnation, this.updates).set(profile))
  }

  /** Says anything, of any shape. */
  sayRaw(values: Record<string, unknown>): void {
    const doc = new Y.Doc()
    doc.clientID = clientIdOf(this.device, this.incarnation)
    doc.transact(() => {
      for (const [key, value] of Object.entries(values)) doc.getMap('profile').set(key, value)
    })
    this.append(Y.encodeStateAsUpdate(doc))
  }
}

async function following(...logs: MemoryLog[]) {
  const errors: unknown[] = []
  const profiles = new Profiles((error) => errors.push(error))
  onTestFinished(() => profiles.close())
  for (const log of logs) await profiles.follow(log, log)
  return { profiles, errors }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('what I say of myself', () => {
  test('is appended once, and again only where it changed', () => {
    const own = new OwnProfile(ADA, FIRST, [])
    expect(own.set({ name: 'Ada', source: ADAS })).toBeInstanceOf(Uint8Array)
    expect(own.set({ source: ADAS, name: 'Ada' })).toBeNull()
    expect(own.set({ name: 'Ada L.', source: ADAS })).toBeInstanceOf(Uint8Array)
  })

  test('arrives at teammates; what I take back goes', async () => {
    const log = new MemoryLog(ADA)
    const { profiles } = await following(log)
    expect(profiles.of(ADA)).toBeNull()
    const profile = {
      name: 'Ada',
      source: ADAS,
      teamName: 'Harbour',
      isArchiver: true,
      version: '1.2.0',
      utcOffsetMinutes: 345,
    } as const
    log.say(profile)
    await settled()
    expect(profiles.of(ADA)).toEqual(profile)
    log.say({ name: 'Ada', source: ADAS })
    await settled()
    expect(profiles.of(ADA)).toEqual({ name: 'Ada', source: ADAS })
  })

  test('goes on after a restart from what the log holds', async () => {
    const log = new MemoryLog(ADA)
    const { profiles } = await following(log)
    for (const name of ['Ada', 'Ada L.', 'Lady Ada']) {
      log.say({ name }) // each time a profile that was read back from the log
      await settled()
      expect(profiles.of(ADA)).toEqual({ name })
    }
    expect(new OwnProfile(ADA, FIRST, log.updates).set({ name: 'Lady Ada' })).toBeNull()
    expect(profiles.refused).toBe(0)
  })

  test('can be said anew in another incarnation', async () => {
    const before = new MemoryLog(ADA, FIRST, 1000)
    const after = new MemoryLog(ADA, SECOND, 2000)
    const { profiles } = await following(after, before)
    before.say({ name: 'Ada' })
    await settled()
    expect(profiles.of(ADA)).toEqual({ name: 'Ada' })
    after.say({ name: 'Ada L.' })
    before.say({ name: 'Old Ada' })
    await settled()
    expect(profiles.of(ADA)).toEqual({ name: 'Ada L.' })
    profiles.forget(after)
    expect(profiles.of(ADA)).toEqual({ name: 'Old Ada' })
  })
})

describe('what another says of itself', () => {
  test.each<[string, Record<string, unknown>]>([
    ['a name of 41 letters', { name: 'a'.repeat(41) }],
    ['an empty name', { name: '' }],
    ['a name of spaces', { name: '   ' }],
    ['a name of two lines', { name: 'Ada\nBruno' }],
    ['a name that colours the terminal', { name: '\u001b[31mAda' }],
    ['a name that runs backwards', { name: 'Ada\u202eonurB' }],
    ['a number for a name', { name: 7 }],
    ['a document for a name', { name: new Y.Map([['name', 'Ada']]) }],
    ["another device's source", { source: sourceLabel('studio', BRUNO) }],
    ['a path for a source', { source: '/home/ada' }],
    ['a version with spaces', { version: '1.0.0 or so' }],
    ['an archiver that is not sure', { isArchiver: 'yes' }],
    ['a team of no name', { teamName: null }],
    ['a clock that nobody has', { utcOffsetMinutes: 841 }],
    ['a clock to the second', { utcOffsetMinutes: 344.5 }],
    ['a clock to the minute', { utcOffsetMinutes: 61 }],
    ['a clock west of all', { utcOffsetMinutes: -735 }],
    ['a clock that is a word', { utcOffsetMinutes: '60' }],
    ['a clock without a number', { utcOffsetMinutes: NaN }],
  ])('is left out where it is %s', async (_, values) => {
    const log = new MemoryLog(ADA)
    const { profiles } = await following(log)
    log.sayRaw(values)
    await settled()
    expect(profiles.of(ADA)).toEqual({})
  })

  test('cannot be said by somebody else, and is counted', async () => {
    const log = new MemoryLog(ADA)
    const { profiles } = await following(log)
    log.say({ name: 'Ada' })
    log.append(new OwnProfile(BRUNO, FIRST, []).set({ name: 'not Ada' }))
    log.append(Uint8Array.of(1, 2, 3))
    await settled()
    expect(profiles.of(ADA)).toEqual({ name: 'Ada' })
    expect(profiles.of(BRUNO)).toBeNull()
    expect(profiles.refused).toBe(2)
  })

  test('is told when it changes, and only then', async () => {
    const log = new MemoryLog(ADA)
    const { profiles } = await following(log)
    let changes = 0
    profiles.onChange(() => changes++)
    log.say({ name: 'Ada' })
    await settled()
    log.append(log.updates[0]!)
    await settled()
    expect(changes).toBe(1)
    profiles.forget(log)
    expect([changes, profiles.of(ADA)]).toEqual([2, null])
    log.say({ name: 'Ada L.' })
    await settled()
    expect(changes).toBe(2)
  })

  test('comes after a log could not be read for a while', async () => {
    const log = new MemoryLog(ADA)
    const { profiles, errors } = await following(log)
    log.isBroken = true
    log.say({ name: 'Ada' })
    await settled()
    expect([profiles.of(ADA), errors.length]).toEqual([null, 1])
    log.isBroken = false
    log.append(null)
    await settled()
    expect(profiles.of(ADA)).toEqual({ name: 'Ada' })
  })
})

test('the team is called what the member says who was first to have a certificate', async () => {
  const reader = new MemoryLog(new Uint8Array(32).fill(3), FIRST, 500, 'reader')
  const founder = new MemoryLog(ADA, FIRST, 1000)
  const again = new MemoryLog(ADA, SECOND, 9000)
  const second = new MemoryLog(BRUNO, FIRST, 2000)
  const { profiles } = await following(second, again, reader, founder)
  expect(profiles.teamName()).toBeNull()
  reader.say({ teamName: 'Lurkers' })
  second.say({ teamName: "Bruno's team" })
  await settled()
  expect(profiles.teamName()).toBe("Bruno's team")
  founder.say({ teamName: 'Harbour' })
  await settled()
  expect(profiles.teamName()).toBe('Harbour')
  // A founder whose home was restored is still the founder.
  again.say({ teamName: 'Harbour Tea' })
  await settled()
  expect(profiles.teamName()).toBe('Harbour Tea')
})

test('a name is what can be shown of what was typed', () => {
  expect(fitDisplayName('  Ada \t Lovelace\n')).toBe('Ada Lovelace')
  expect(fitDisplayName('\u001b[31mAda')).toBe('[31mAda')
  expect(fitDisplayName(' \u202e ')).toBeNull()
  expect(fitDisplayName(`${'a'.repeat(39)} b`)).toBe('a'.repeat(39))
  expect(fitDisplayName('🫖'.repeat(50))).toBe('🫖'.repeat(40))
  expect(isDisplayName('🫖'.repeat(40))).toBe(true)
  expect(isDisplayName('🫖'.repeat(41))).toBe(false)
})
