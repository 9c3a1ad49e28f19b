import { onTestFinished, describe, expect, test, vi } from 'vitest'
import type { HistoryStatus } from '../../../core/api.ts'
import { ArchiveHistory } from '../../../node/archive/history.ts'
import type { ArchivePlace } from '../../../node/archive/query.ts'
import { NOW, SOURCE, TestClock } from '../api/support.ts'
import { FakeArchive } from '../../support/fake-archive.ts'

const MINUTE = 60_000
const HOUR = { source: SOURCE, date: '2026-11-19', hour: 10, eventCount: 40 }
/** Waits for what the archive's answer changes; a busy machine has time. */
const soon = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 10 })
const iso = (ms: number) => new Date(ms).toISOString()

/** The history of an archive, in a time that the test moves. */
async function testHistory(change: Partial<ArchivePlace> = {}) {
  const archive = await FakeArchive.start()
  archive.aggregates = [HOUR]
  const clock = new TestClock()
  const warnings: string[] = []
  const place = { url: archive.url, key: null, token: 'subscriber-token', ...change }
  const warn = (sentence: string) => warnings.push(sentence)
  let underWay = 0
  const after = (ms: number, task: () => void) => {
    const callOff = clock.after(ms, task)
    underWay++
    return () => {
      underWay--
      callOff()
    }
  }
  const history = new ArchiveHistory({ place, fetch, timers: { now: () => clock.now(), after }, warn })
  onTestFinished(() => history.close())
  /** How it stands once the archive has answered, or has not. */
  const becomes = (status: Partial<HistoryStatus>) =>
    soon(() => expect(history.current().status).toMatchObject(status))
  /** Each call has a deadline, which is called off when it has ended. */
  const hasEnded = () => soon(() => expect(underWay).toBe(0))
  return { archive, clock, history, warnings, becomes, hasEnded }
}

/** What a person reads where the archive does that. */
async function failureOf(instead: FakeArchive['instead']): Promise<string | null> {
  const { archive, history, becomes } = await testHistory()
  archive.instead = instead
  history.current()
  await becomes({ state: 'failed', fetchedAt: null })
  expect(history.current().counts).toEqual([])
  return history.current().status.message
}

describe('the archive’s history', () => {
  test('is loading at first, and then there', async () => {
    const { history, becomes } = await testHistory()
    const none = { fetchedAt: null, message: null }
    expect(history.current()).toEqual({ counts: [], status: { state: 'loading', ...none } })
    await becomes({ state: 'fresh', fetchedAt: iso(NOW) })
    const bucket = Date.parse('2026-11-19T10:00:00Z') / (15 * MINUTE)
    expect(history.current().counts).toEqual([{ source: SOURCE, bucket, count: 40 }])
  })

  test('is asked for with the token and the project’s key, for thirty days', async () => {
    const { archive, history, becomes } = await testHistory({ key: 'sb_publishable_1' })
    history.current()
    await becomes({ state: 'fresh' })
    const [request] = archive.asked
    expect(request!.url).toBe('/functions/v1/query?days=30')
    expect(request!.headers).toMatchObject({
      authorization: 'Bearer subscriber-token',
      apikey: 'sb_publishable_1',
    })
  })

  test('is asked for once, however many look', async () => {
    const { archive, history, becomes } = await testHistory()
    for (let i = 0; i < 20; i++) history.current(i % 2 === 1)
    await becomes({ state: 'fresh' })
    expect(archive.asked).toHaveLength(1)
  })

  test('is good for five minutes; then the old is shown until the new is there', async () => {
    const { archive, clock, history, becomes } = await testHistory()
    history.current()
    await becomes({ state: 'fresh' })
    clock.pass(5 * MINUTE - 1)
    expect(history.current().status.state).toBe('fresh')
    clock.pass(1)
    archive.aggregates = [{ ...HOUR, eventCount: 41 }]
    const old = history.current()
    expect(old.status).toEqual({ state: 'stale', fetchedAt: iso(NOW), message: null })
    expect(old.counts.map(({ count }) => count)).toEqual([40])
    await becomes({ state: 'fresh', fetchedAt: iso(NOW + 5 * MINUTE) })
    expect(history.current().counts.map(({ count }) => count)).toEqual([41])
    expect(archive.asked).toHaveLength(2)
  })

  test('stays as it was where it cannot be fetched anew', async () => {
    const { archive, clock, history, becomes } = await testHistory()
    history.current()
    await becomes({ state: 'fresh' })
    clock.pass(5 * MINUTE)
    archive.instead = (response) => response.writeHead(500).end()
    history.current()
    await becomes({ state: 'failed', fetchedAt: iso(NOW) })
    expect(history.current().counts).toHaveLength(1)
  })

  test('is tried again by itself a minute after a failure, which is said once', async () => {
    const { archive, clock, history, warnings, becomes, hasEnded } = await testHistory()
    archive.instead = (response) => response.writeHead(503).end()
    history.current()
    await becomes({ state: 'failed' })
    clock.pass(MINUTE - 1)
    history.current()
    expect(archive.asked).toHaveLength(1)
    clock.pass(1)
    expect(history.current().status.state).toBe('failed')
    await soon(() => expect(archive.asked).toHaveLength(2))
    await hasEnded()
    archive.instead = null
    clock.pass(MINUTE)
    await becomes({ state: 'fresh', message: null })
    expect(warnings).toEqual(['The archive answered 503. It is asked again by itself.'])
  })

  test('is tried again at once where a person wants it', async () => {
    const { archive, history, becomes } = await testHistory()
    archive.instead = (response) => response.writeHead(500).end()
    history.current()
    await becomes({ state: 'failed' })
    archive.instead = null
    expect(history.current(true).status).toMatchObject({ state: 'loading', message: null })
    await becomes({ state: 'fresh' })
  })

  test('is given up where the archive says nothing for 20 seconds', async () => {
    const { archive, clock, history, becomes } = await testHistory()
    archive.instead = () => undefined
    history.current()
    await soon(() => expect(archive.asked).toHaveLength(1))
    clock.pass(19_999)
    expect(history.current().status.state).toBe('loading')
    clock.pass(1)
    await becomes({ state: 'failed', message: expect.stringContaining('does not answer') as string })
  })

  test('is given up where the archive stops in the middle of its answer', async () => {
    const { archive, clock, history, becomes } = await testHistory()
    archive.instead = (response) => response.writeHead(200).write('{"aggregates":[')
    history.current()
    await soon(() => expect(archive.asked).toHaveLength(1))
    clock.pass(20_000)
    await becomes({ state: 'failed' })
  })

  test('keeps no node from ending', async () => {
    const { archive, history } = await testHistory()
    archive.instead = () => undefined
    history.current()
    await soon(() => expect(archive.asked).toHaveLength(1))
    await history.close()
    history.current()
    expect(archive.asked).toHaveLength(1)
  })

  test('is shown without the rows that are none, which is said once', async () => {
    const { archive, clock, history, warnings, becomes } = await testHistory()
    archive.aggregates = [{ ...HOUR, hour: 24 }, HOUR]
    history.current()
    await becomes({ state: 'fresh' })
    expect(history.current().counts).toHaveLength(1)
    history.current(true)
    await soon(() => expect(archive.asked).toHaveLength(2))
    await becomes({ state: 'fresh' })
    expect(warnings).toEqual(['1 of the archive’s rows is none, and is left out.'])
    archive.aggregates = [HOUR]
    clock.pass(5 * MINUTE)
    history.current()
    await becomes({ state: 'fresh', fetchedAt: iso(NOW + 5 * MINUTE) })
    expect(warnings).toHaveLength(1)
  })

  test('of times that no map shows is left out', async () => {
    const { archive, history, becomes } = await testHistory()
    archive.aggregates = ['2020-01-01', '2026-10-18', '2026-11-20', '2031-01-01'].map((date) => ({
      ...HOUR,
      date,
    }))
    history.current()
    await becomes({ state: 'fresh' })
    expect(history.current().counts).toHaveLength(1)
  })
})

describe('an archive that cannot be read', () => {
  const json = (answer: unknown) => (response: Parameters<NonNullable<FakeArchive['instead']>>[0]) =>
    void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  const UNREADABLE = 'The archive’s answer is not one that this version understands.'

  test('is told by what is wrong with it', async () => {
    for (const passing of [408, 429, 500, 503]) {
      const message = await failureOf((response) => response.writeHead(passing).end())
      expect(message).toBe(`The archive answered ${passing}. It is asked again by itself.`)
    }
    expect(await failureOf((response) => response.writeHead(400).end())).toContain('VIBETEA_SUPABASE_URL')
    expect(await failureOf((response) => response.writeHead(404).end())).toContain('VIBETEA_SUPABASE_URL')
    expect(await failureOf((response) => response.socket?.destroy())).toContain('does not answer')
  })

  test('that is not set up says what is missing', async () => {
    const message = 'VIBETEA_SUBSCRIBER_TOKEN has no value.\u001b[31m' + '!'.repeat(1000)
    const said = await failureOf((response) => response.writeHead(500).end(JSON.stringify({ message })))
    expect(said).toContain('answered 500. It says: “VIBETEA_SUBSCRIBER_TOKEN has no value.[31m!')
    expect(said!.length).toBeLessThan(300)
    const odd = (body: string) => failureOf((response) => response.writeHead(500).end(body))
    for (const body of [
      'null',
      '{"message":7}',
      '<html>',
      JSON.stringify({ message: 'x'.repeat(100_000) }),
    ]) {
      expect(await odd(body)).toBe('The archive answered 500. It is asked again by itself.')
    }
  })

  test('refuses a wrong token, which is not shown', async () => {
    const { history, becomes } = await testHistory({ token: 'wrong-token' })
    history.current()
    await becomes({ state: 'failed' })
    const { message } = history.current().status
    expect(message).toContain('VIBETEA_SUBSCRIBER_TOKEN')
    expect(message).not.toContain('wrong-token')
  })

  test('sends nobody elsewhere with the keys', async () => {
    const elsewhere = await FakeArchive.start()
    const answer = await failureOf((response) =>
      response.writeHead(307, { location: `${elsewhere.url}/query` }).end(),
    )
    expect(answer).toContain('answered 307')
    expect(answer).toContain('Set VIBETEA_SUPABASE_URL')
    expect(elsewhere.asked).toEqual([])
  })

  test.each([
    [
      'no JSON',
      (response: Parameters<NonNullable<FakeArchive['instead']>>[0]) => void response.end('<html>'),
    ],
    ['a list', json([HOUR])],
    ['null', json(null)],
    ['no list of hours', json({ aggregates: { ...HOUR } })],
    ['a source that is none', json({ aggregates: [{ ...HOUR, source: '<img src=x>' }] })],
    ['a date that is none', json({ aggregates: [{ ...HOUR, date: '2026-13-45' }] })],
    ['a day that no month has', json({ aggregates: [{ ...HOUR, date: '2026-02-31' }] })],
    ['more nonsense than hours', json({ aggregates: [HOUR, {}, {}] })],
    ['an hour that is none', json({ aggregates: [{ ...HOUR, hour: 24 }] })],
    ['a count below nothing', json({ aggregates: [{ ...HOUR, eventCount: -1 }] })],
    ['a count that is text', json({ aggregates: [{ ...HOUR, eventCount: '40' }] })],
    ['a row that is null', json({ aggregates: [null] })],
  ])('answers %s', async (_what, instead) => expect(await failureOf(instead)).toContain(UNREADABLE))

  test('answers without end', async () => {
    const part = Buffer.alloc(1024 * 1024, 32)
    const answer = await failureOf((response) => {
      const more = () => {
        while (!response.destroyed && response.write(part));
      }
      response.on('drain', more)
      more()
    })
    expect(answer).toContain(UNREADABLE)
  })
})
