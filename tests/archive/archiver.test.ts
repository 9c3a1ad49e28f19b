import { expect, test } from 'vitest'
import { MINUTE_MS, Rig, TestLog } from './support.ts'

test('what is here is sent at once, with the team’s records, and what comes later a minute after', async () => {
  const ada = new TestLog('ada').append(2, 1)
  const rig = new Rig(ada)
  const archiver = await rig.start()
  expect(rig.archive.calls).toHaveLength(1)
  expect(rig.archive.calls[0]).toMatchObject({
    url: 'https://tea.example/functions/v1/ingest',
    batches: ['ada/0', 'ada/1'],
    request: { records: [Buffer.from('record of epoch 1').toString('base64')] },
  })
  expect(rig.cursor(ada)).toBe(2)
  expect(archiver.status()).toMatchObject({ state: 'idle', behind: 0, sent: 3, inserted: 3, problem: null })

  ada.append(1)
  expect(archiver.status().behind).toBe(1)
  await rig.clock.pass(MINUTE_MS / 2)
  expect(rig.archive.calls).toHaveLength(1)
  await rig.clock.pass(MINUTE_MS)
  expect(rig.archive.calls.map(({ batches }) => batches)).toEqual([['ada/0', 'ada/1'], ['ada/2']])
  expect(rig.archive.calls[1]!.request.records).toBeUndefined()
  expect(rig.archive.stored).toEqual(ada.ids())
})
