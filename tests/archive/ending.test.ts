import { expect, test } from 'vitest'
import { error, json, MINUTE_MS, never, Rig, settled, TestLog } from './support.ts'

/** What became of a promise, without waiting for it. */
function watched<T>(promise: Promise<T>) {
  const seen: { is: 'open' | 'resolved' | 'rejected'; error: unknown } = { is: 'open', error: null }
  promise.then(
    () => (seen.is = 'resolved'),
    (reason: unknown) => Object.assign(seen, { is: 'rejected', error: reason }),
  )
  return seen
}

async function idle() {
  const ada = new TestLog('ada').append(1)
  const rig = new Rig(ada)
  const archiver = await rig.start()
  ada.append(1)
  return { ada, rig, archiver }
}

test('draining sends all that is here without waiting', async () => {
  const { ada, rig, archiver } = await idle()
  const drained = watched(archiver.drain())
  await settled()
  expect(drained.is).toBe('resolved')
  expect(rig.archive.stored).toEqual(ada.ids())
  expect(rig.cursor(ada)).toBe(2)
  const again = watched(archiver.drain())
  await settled()
  expect(again.is).toBe('resolved')
  expect(rig.archive.calls).toHaveLength(2)
})

test('draining ends where only logs are left that the archive does not take', async () => {
  const { ada, rig, archiver } = await idle()
  rig.archive.instead = () => error(401, 'unknown_source')
  const drained = watched(archiver.drain())
  await settled()
  expect(drained.is).toBe('resolved')
  expect(archiver.status()).toMatchObject({ behind: 1, held: [{ source: 'ada' }] })
  expect(rig.cursor(ada)).toBe(1)
})

test('draining fails after the quick tries, and says why', async () => {
  const { rig, archiver } = await idle()
  rig.archive.instead = () => error(500, 'internal_error')
  const drained = watched(archiver.drain())
  await rig.clock.pass(2999)
  expect(drained.is).toBe('open')
  await rig.clock.pass(1)
  expect(drained).toMatchObject({ is: 'rejected', error: { code: 'archive_failed' } })
  expect(rig.archive.calls).toHaveLength(5)
})

test('draining has quick tries of its own while it is waited for a try', async () => {
  const { ada, rig, archiver } = await idle()
  rig.archive.instead = () => error(500, 'internal_error')
  await rig.clock.pass(10 * MINUTE_MS)
  const { length } = rig.archive.calls
  const drained = watched(archiver.drain())
  await rig.clock.pass(1000)
  expect(rig.archive.calls).toHaveLength(length + 2)
  rig.archive.instead = null
  await rig.clock.pass(1000)
  expect(drained.is).toBe('resolved')
  expect(rig.archive.stored).toEqual(ada.ids())
})

test('draining fails at once where a person has to do something, or the archive asks for time', async () => {
  const { rig, archiver } = await idle()
  rig.archive.instead = () => json(404, { message: 'Requested function was not found' })
  const refused = watched(archiver.drain())
  await settled()
  expect(refused).toMatchObject({ is: 'rejected', error: { code: 'archive_refused' } })
  rig.archive.instead = () => json(429, {}, { 'retry-after': '600' })
  const asked = watched(archiver.drain())
  await settled()
  expect(asked).toMatchObject({ is: 'rejected', error: { code: 'archive_failed' } })
  const { length } = rig.archive.calls
  await expect(archiver.drain()).rejects.toMatchObject({ code: 'archive_failed' })
  await rig.clock.pass(9 * MINUTE_MS)
  expect(rig.archive.calls).toHaveLength(length)
})

test('draining can be called off, and the rest goes on', async () => {
  const { ada, rig, archiver } = await idle()
  rig.archive.instead = (_call, signal) => never(signal)
  const stop = new AbortController()
  const drained = watched(archiver.drain(stop.signal))
  await settled()
  stop.abort(new Error('enough'))
  await settled()
  expect(drained).toMatchObject({ is: 'rejected', error: { message: 'enough' } })
  await expect(archiver.drain(stop.signal)).rejects.toThrow('enough')
  rig.archive.instead = null
  await rig.clock.pass(2 * MINUTE_MS)
  expect(rig.archive.stored).toEqual(ada.ids())
})

test('closing sends what is left, and leaves nothing behind', async () => {
  const { ada, rig, archiver } = await idle()
  await archiver.close()
  expect(rig.archive.stored).toEqual(ada.ids())
  expect(rig.cursor(ada)).toBe(2)
  expect([rig.clock.waiting, ada.listeners, rig.team.listeners]).toEqual([0, 0, 0])
  ada.append(1)
  rig.team.changed()
  await rig.clock.pass(MINUTE_MS)
  expect(rig.archive.calls).toHaveLength(2)
  await expect(archiver.drain()).rejects.toMatchObject({ code: 'archive_stopped' })
  await archiver.close()
})

test('closing tries once where it fails, and does not wait', async () => {
  const { rig, archiver } = await idle()
  rig.archive.instead = () => error(500, 'internal_error')
  await archiver.close()
  expect(rig.archive.calls).toHaveLength(2)
  expect(rig.clock.waiting).toBe(0)
})

test('closing while it waits for a try makes one more', async () => {
  const { rig, archiver } = await idle()
  rig.archive.instead = () => error(500, 'internal_error')
  await rig.clock.pass(10 * MINUTE_MS)
  const { length } = rig.archive.calls
  const drained = watched(archiver.drain())
  await archiver.close()
  expect(rig.archive.calls.length - length).toBeLessThanOrEqual(2)
  expect(drained).toMatchObject({ is: 'rejected' })
  expect(rig.clock.waiting).toBe(0)
})

test('closing obeys an archive that wants to be left alone', async () => {
  const { rig, archiver } = await idle()
  rig.archive.instead = () => json(429, {}, { 'retry-after': '30' })
  await rig.clock.pass(MINUTE_MS)
  const { length } = rig.archive.calls
  await archiver.close()
  expect(rig.archive.calls).toHaveLength(length)
})

test('closing ends a call that hangs after 10 s', async () => {
  const { ada, rig, archiver } = await idle()
  rig.archive.instead = (_call, signal) => never(signal)
  const closed = watched(archiver.close())
  await rig.clock.pass(9999)
  expect(closed.is).toBe('open')
  await rig.clock.pass(1)
  expect(closed.is).toBe('resolved')
  expect(rig.cursor(ada)).toBe(1)
  expect([rig.clock.waiting, ada.listeners]).toEqual([0, 0])
})

test('closing sends as much as 10 s let it', async () => {
  const { ada, rig, archiver } = await idle()
  ada.append(...Array.from({ length: 100 }, () => 500))
  rig.archive.instead = (call) =>
    new Promise((resolve) => rig.clock.after(1000, () => resolve(rig.archive.take(call))))
  const closed = watched(archiver.close())
  await rig.clock.pass(10_000)
  expect(closed.is).toBe('resolved')
  expect(rig.archive.calls.length).toBeGreaterThan(8)
  expect(rig.cursor(ada)).toBeGreaterThan(15)
})

test('closing does not wait for a log that is never read', async () => {
  const { ada, rig, archiver } = await idle()
  ada.beforeRead = () => new Promise(() => undefined)
  const closed = watched(archiver.close())
  await rig.clock.pass(11_000)
  expect(closed.is).toBe('resolved')
})

test('one that is closed before it was started calls nobody', async () => {
  const rig = new Rig(new TestLog('ada').append(1))
  let release = () => {}
  rig.cursors.load = () => new Promise((resolve) => (release = () => resolve(new Map())))
  const starting = rig.start()
  await settled()
  release()
  const archiver = await starting
  await archiver.close()
  expect(rig.archive.calls.length).toBeLessThan(2)
})

test('cursors that cannot be loaded start nothing', async () => {
  const rig = new Rig(new TestLog('ada').append(1))
  rig.cursors.load = () => Promise.reject(new Error('state.db is gone'))
  await expect(rig.start()).rejects.toThrow('state.db is gone')
  expect(rig.archive.calls).toEqual([])
})
