import { expect, test } from 'vitest'
import type { Profile } from '../../core/profile.ts'
import { Introduction } from '../../node/introduction.ts'
import { clientIdOf, docOf, withUpdate } from '../../node/team/author-doc.ts'
import { systemUtcOffsetAt } from '../../node/utc-offset.ts'

const DEVICE = new Uint8Array(32).fill(1)
const INCARNATION = new Uint8Array(8).fill(2)

/** A device that speaks, and what its teammates read. */
function speaker(recovered: 'ok' | 'lost' = 'ok') {
  const updates: Uint8Array[] = []
  const profile: Profile = { name: 'Ada', utcOffsetMinutes: 0 }
  const introduction = new Introduction({
    log: {
      append: async (more) => void updates.push(...more),
      recovered: () => Promise.resolve(recovered),
    },
    read: () => Promise.resolve([...updates]),
    device: DEVICE,
    incarnation: INCARNATION,
    profile: () => ({ ...profile }),
    untilStored: (append) => append(),
  })
  const heard = () => {
    let state: Uint8Array | null = null
    for (const update of updates) state = withUpdate(state, update, clientIdOf(DEVICE, INCARNATION))
    return docOf(state).getMap('profile').toJSON()
  }
  return { introduction, profile, updates, heard }
}

test('somebody who travels is told to live elsewhere, once', async () => {
  const { introduction, profile, updates, heard } = speaker()
  await introduction.begin(true)
  await introduction.keepUp()
  expect(updates).toHaveLength(1)
  profile.utcOffsetMinutes = 345
  await introduction.keepUp()
  await introduction.keepUp()
  expect(updates).toHaveLength(2)
  expect(heard()).toEqual({ name: 'Ada', utcOffsetMinutes: 345 })
})

test('two changes in a moment follow upon each other, as one log must', async () => {
  const { introduction, profile, heard } = speaker()
  const first = introduction.begin(true)
  profile.utcOffsetMinutes = 60
  const second = introduction.keepUp()
  profile.utcOffsetMinutes = 120
  await Promise.all([first, second, introduction.keepUp()])
  expect(heard()).toEqual({ name: 'Ada', utcOffsetMinutes: 120 })
})

test('a device whose log peers know more of says nothing', async () => {
  const { introduction, profile, updates } = speaker('lost')
  await introduction.begin(false)
  profile.utcOffsetMinutes = 60
  await introduction.keepUp()
  expect(updates).toEqual([])
})

test('this machine’s clock on the wall is known to the quarter of an hour, in summer and in winter', () => {
  const before = process.env.TZ
  const [winter, summer] = [Date.UTC(2026, 0, 15), Date.UTC(2026, 6, 15)]
  const offsets = ['Europe/London', 'Asia/Kathmandu', 'America/St_Johns', 'UTC'].map((zone) => {
    process.env.TZ = zone
    return [winter, summer].map(systemUtcOffsetAt)
  })
  if (before === undefined) delete process.env.TZ
  else process.env.TZ = before
  expect(offsets).toEqual([
    [0, 60],
    [345, 345],
    [-210, -150],
    [0, 0],
  ])
})
