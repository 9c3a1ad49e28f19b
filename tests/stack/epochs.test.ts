import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { promptAt } from '../support/events.ts'
import { postBatches, stored } from './calls.ts'
import { Stack } from './stack.ts'
import { secretNamed, TestDevice, TestTeam } from './team.ts'

const AT = Date.now() - 3_600_000

const team = new TestTeam()
const ada = new TestDevice('ada')
const bruno = new TestDevice('bruno')
const chiyo = new TestDevice('chiyo')
const FIRST = team.nextEpoch()
/** Ada goes on, Bruno is removed after three blocks, of Chiyo nobody knew. */
const SECOND = team.nextEpoch([
  { device: ada.key, incarnation: ada.incarnation, cut: null },
  { device: bruno.key, incarnation: bruno.incarnation, cut: 3 },
])
/** By its number alone: whose it is does not matter. */
const THIRD = team.nextEpoch([
  { device: ada.key, incarnation: ada.incarnation, cut: 5 },
  { device: bruno.key, incarnation: bruno.incarnation, cut: null },
])

let stack: Stack
beforeAll(async () => {
  stack = await Stack.start({ secrets: { VIBETEA_TEAM_ID: team.idText } })
})
afterAll(() => stack.stop())
beforeEach(() => stack.empty())

/** What becomes of a batch at `seq` of a device's log under its certificate of an epoch. */
async function becomes(device: TestDevice, epoch: number, seq: number, records?: string[]) {
  const event = promptAt(AT, { id: epoch * 1000 + seq, source: device.source })
  const batch = team.batch(device, seq, [event], team.certificate(device, { epoch }))
  const { status, answer } = await postBatches(stack, { batches: [batch], ...(records && { records }) })
  return status === 200 ? `${answer.inserted} stored` : answer.error
}

test('without a record of its epoch a certificate counts for nothing', async () => {
  expect(await becomes(ada, 1, 0)).toBe('unknown_source')
  expect(await becomes(ada, 1, 0, [FIRST])).toBe('1 stored')
})

test('records are kept: who sends them once need not again', async () => {
  expect((await postBatches(stack, { records: [FIRST, SECOND], batches: [] })).status).toBe(200)
  expect(await becomes(ada, 2, 0)).toBe('1 stored')
})

test('a member of an epoch that has ended counts as its end says', async () => {
  const records = [FIRST, SECOND]
  expect(await becomes(ada, 1, 100, records)).toBe('1 stored')
  expect(await becomes(bruno, 1, 2)).toBe('1 stored')
  expect(await becomes(bruno, 1, 3)).toBe('unknown_source')
  expect(await becomes(chiyo, 1, 0)).toBe('unknown_source')
  expect(await becomes(chiyo, 2, 0)).toBe('1 stored')
})

test('a later epoch’s end cuts what an earlier one let go on, and gives nothing back', async () => {
  expect(await becomes(ada, 1, 4, [FIRST, SECOND, THIRD])).toBe('1 stored')
  expect(await becomes(ada, 2, 5)).toBe('unknown_source')
  expect(await becomes(ada, 1, 5)).toBe('unknown_source')
  expect(await becomes(bruno, 1, 3)).toBe('unknown_source')
})

test('who was removed cannot bring the time before back', async () => {
  await postBatches(stack, { records: [FIRST, SECOND], batches: [] })
  // A record of the first epoch alone, sent again, changes nothing.
  expect(await becomes(bruno, 1, 7, [FIRST])).toBe('unknown_source')
})

test('the records may come in any order', async () => {
  expect(await becomes(ada, 3, 0, [THIRD, FIRST])).toBe('1 stored')
  expect(await becomes(bruno, 1, 2, [SECOND])).toBe('1 stored')
  expect(await becomes(bruno, 1, 3)).toBe('unknown_source')
})

test('of two records of one epoch all archives believe the same', async () => {
  const forked = new TestTeam()
  forked.nextEpoch()
  const other = forked.nextEpoch([{ device: bruno.key, incarnation: bruno.incarnation, cut: null }])
  const outcome: unknown[] = []
  for (const records of [
    [FIRST, SECOND, other],
    [other, SECOND, FIRST],
  ]) {
    await stack.empty()
    outcome.push(await becomes(bruno, 1, 3, records))
  }
  expect(outcome[0]).toBe(outcome[1])
})

test('a further admin’s records count once the founder has named it', async () => {
  const deputy = secretNamed('deputy')
  const founded = new TestTeam()
  const first = founded.nextEpoch()
  const admins = founded.admins([deputy])
  const second = founded.nextEpoch([], deputy)
  expect((await postBatches(stack, { records: [first, second], batches: [] })).answer.error).toBe(
    'unknown_source',
  )
  expect((await postBatches(stack, { records: [first, admins, second], batches: [] })).status).toBe(200)
  expect((await postBatches(stack, { records: [second], batches: [] })).status).toBe(200)
})

test.each([
  ['changed', changed(FIRST, 45), 'invalid_signature'],
  ['of another team', new TestTeam('another').nextEpoch(), 'unknown_source'],
  ['signed by somebody else', new TestTeam().nextEpoch([], secretNamed('somebody')), 'unknown_source'],
  ['that is none', 'AAAA', 'invalid_signature'],
  ['that is no base64', '?', 'invalid_request'],
])('a record %s is refused with all that comes with it', async (_what, record, error) => {
  expect(await becomes(ada, 1, 0, [FIRST, record])).toBe(error)
  expect(await stored(stack)).toEqual([])
})

function changed(record: string, at: number): string {
  const bytes = Buffer.from(record, 'base64')
  bytes[at]! ^= 1
  return bytes.toString('base64')
}
