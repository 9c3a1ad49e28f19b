import { describe, expect, test } from 'vitest'
import {
  connect,
  NOW,
  OTHER_SOURCE,
  row,
  sessionRow,
  SOURCE,
  testApi,
  type Client,
  type TestApi,
} from './support.ts'

const many = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => row(from + index))
const numbers = (events: readonly { cursor: string }[]) => events.map(({ cursor }) => Number(cursor.slice(2)))
const peer = (behind: number) => ({
  device: 'd',
  source: OTHER_SOURCE,
  name: 'Emi',
  role: 'member' as const,
  connection: 'direct' as const,
  behind,
  lastSeen: null,
  version: '1.0.0',
  problem: null,
  clockAheadMs: null,
  path: null,
})
const member = (presence: 'online' | 'away') => ({
  device: 'd',
  source: OTHER_SOURCE,
  name: 'Emi',
  role: 'member' as const,
  presence,
  connection: 'direct' as const,
  behind: 0,
  lastSeen: null,
  version: '1.0.0',
  isArchiver: false,
  isSelf: false,
  utcOffsetMinutes: null,
  eventsHeld: 0,
  lastSessionAt: null,
})

/** A client that has been greeted. */
async function listening(api: TestApi, query = ''): Promise<Client> {
  const client = await connect(api, { query })
  await client.next('hello')
  return client
}

/** Lets intervals pass until nothing comes any more; all events that came. */
async function drain(api: TestApi, client: Client): Promise<number[]> {
  const seen: number[] = []
  for (;;) {
    await client.settled()
    if (client.messages.length === 0) return seen
    for (const message of client.messages.splice(0))
      if (message.type === 'events') seen.push(...numbers(message.events))
    api.clock.pass(100)
  }
}

describe('a listener', () => {
  test('is greeted first and then told what follows, and nothing from before', async () => {
    const api = await testApi()
    api.feed.add(row(1), row(2))
    const client = await connect(api)
    expect(await client.next('hello')).toEqual({
      type: 'hello',
      head: 'c.2',
      resumed: false,
      serverTime: new Date(NOW).toISOString(),
    })
    api.feed.add(row(3))
    expect(await client.next('events')).toEqual({ type: 'events', events: [row(3)], head: 'c.3' })
    await client.settled()
    expect(client.messages).toEqual([])
  })

  test('gets the first at once, then what waits together after a tenth of a second', async () => {
    const api = await testApi()
    const client = await listening(api)
    api.feed.add(row(1))
    expect(numbers((await client.next('events')).events)).toEqual([1])
    api.feed.add(row(2))
    api.clock.pass(50)
    api.feed.add(row(3))
    api.clock.pass(49)
    await client.settled()
    expect(client.messages).toEqual([])
    api.clock.pass(1)
    expect(await client.next('events')).toMatchObject({ events: [row(2), row(3)], head: 'c.3' })
    api.clock.pass(100)
    api.feed.add(row(4))
    expect(numbers((await client.next('events')).events)).toEqual([4])
  })

  test('gets at most ten messages in a second, of all kinds together, and none is starved', async () => {
    const api = await testApi()
    const client = await listening(api)
    for (let ms = 0; ms < 1000; ms++) {
      api.feed.add(row(ms + 1))
      api.feed.sessions(sessionRow(1))
      api.feed.peers(peer(ms))
      api.feed.presence(member('online'))
      api.feed.notice('info', `n${ms}`)
      api.clock.pass(1)
    }
    await client.settled()
    // The eleventh is the first of the next second.
    expect(client.messages).toHaveLength(11)
    const count = (type: string) => client.messages.filter((message) => message.type === type).length
    expect(['events', 'sessions', 'presence', 'peers', 'notice'].map(count)).toEqual([7, 1, 1, 1, 1])
  })

  test('gets events at once though sessions change with each, and sessions once a second', async () => {
    const api = await testApi()
    const client = await listening(api, '?interval=25')
    for (let n = 1; n <= 40; n++) {
      api.feed.add(row(n))
      api.feed.sessions(sessionRow(n))
      await client.settled()
      const events = client.messages.flatMap((message) => (message.type === 'events' ? message.events : []))
      expect(events).toHaveLength(n)
      api.clock.pass(50)
    }
    await client.settled()
    expect(client.messages.filter(({ type }) => type === 'sessions')).toHaveLength(2)
  })

  test('may ask for finer or coarser steps', async () => {
    const api = await testApi()
    const fine = await listening(api, '?interval=25')
    const coarse = await listening(api, '?interval=1000')
    api.feed.add(row(1))
    api.feed.add(row(2))
    api.clock.pass(25)
    await Promise.all([fine.settled(), coarse.settled()])
    expect([fine.messages.length, coarse.messages.length]).toEqual([2, 1])
    api.clock.pass(975)
    await coarse.settled()
    expect(coarse.messages).toHaveLength(2)
  })

  test('gets at most 500 events a message, and a head that never runs ahead of them', async () => {
    const api = await testApi()
    const client = await listening(api)
    api.feed.add(...many(1, 1200))
    api.clock.pass(200)
    const batches = [await client.next('events'), await client.next('events'), await client.next('events')]
    expect(batches.map(({ events, head }) => [events.length, head])).toEqual([
      [500, 'c.500'],
      [500, 'c.1000'],
      [200, 'c.1200'],
    ])
  })

  test('hears of sessions, peers, members and notices; of what changed twice the newest', async () => {
    const api = await testApi()
    const client = await listening(api)
    api.feed.notice('warning', 'The disk is full.')
    api.feed.sessions(sessionRow(1), { ...sessionRow(2), handle: 'old' })
    api.feed.sessions(sessionRow(2))
    api.feed.presence(member('away'))
    api.feed.presence(member('online'))
    api.feed.peers(peer(9))
    api.feed.peers(peer(0))
    api.clock.pass(400)
    expect(await client.next('notice')).toEqual({
      type: 'notice',
      level: 'warning',
      message: 'The disk is full.',
    })
    expect(await client.next('sessions')).toEqual({
      type: 'sessions',
      sessions: [sessionRow(1), sessionRow(2)],
    })
    expect(await client.next('presence')).toEqual({ type: 'presence', members: [member('online')] })
    expect(await client.next('peers')).toEqual({ type: 'peers', peers: [peer(0)] })
  })

  test('hears only of the sources, projects and types that it asked for', async () => {
    const api = await testApi()
    const client = await listening(api, `?source=${SOURCE}&project=web,api~ybndrfg8ejkm&type=tool`)
    api.feed.add(
      row(1, { source: OTHER_SOURCE }),
      row(2, { project: 'infra' }),
      row(3, { type: 'activity' }),
      row(4, { project: 'api' }),
      row(5),
      row(6, { project: 'infra' }),
    )
    api.feed.sessions(
      sessionRow(1, { source: OTHER_SOURCE }),
      sessionRow(2, { project: 'infra' }),
      sessionRow(3),
    )
    expect(await client.next('events')).toEqual({ type: 'events', events: [row(5)], head: 'c.6' })
    api.clock.pass(100)
    expect(await client.next('sessions')).toEqual({ type: 'sessions', sessions: [sessionRow(3)] })
  })

  test('tells two projects of one name apart by the tag', async () => {
    const api = await testApi()
    const client = await listening(api, '?project=web~ybndrfg8ejkm')
    const tagged = row(2)
    tagged.payload.projectTag = 'ybndrfg8ejkm'
    api.feed.add(row(1), tagged)
    expect(numbers((await client.next('events')).events)).toEqual([2])
  })

  test('hears of two sources whose sessions have one id', async () => {
    const api = await testApi()
    const client = await listening(api)
    api.feed.add(row(1))
    await client.next('events')
    const both = [sessionRow(1), sessionRow(1, { source: OTHER_SOURCE })]
    api.feed.sessions(...both)
    api.clock.pass(100)
    expect(await client.next('sessions')).toEqual({ type: 'sessions', sessions: both })
  })

  test('does not slow down or change what another one gets', async () => {
    const api = await testApi()
    const [all, some] = [await listening(api), await listening(api, `?source=${OTHER_SOURCE}`)]
    api.feed.add(row(1), row(2, { source: OTHER_SOURCE }))
    expect(numbers((await all.next('events')).events)).toEqual([1, 2])
    expect(numbers((await some.next('events')).events)).toEqual([2])
    some.socket.terminate()
    api.clock.pass(100)
    api.feed.add(row(3))
    expect(numbers((await all.next('events')).events)).toEqual([3])
  })
})

describe('a listener that comes back', () => {
  test('gets what it missed, once, and goes on', async () => {
    const api = await testApi()
    api.feed.add(...many(1, 1300))
    const client = await connect(api, { query: '?after=c.100' })
    expect(await client.next('hello')).toMatchObject({ head: 'c.100', resumed: true })
    expect(await drain(api, client)).toEqual(numbers(many(101, 1300)))
    api.feed.add(row(1301))
    expect(await drain(api, client)).toEqual([1301])
  })

  test('and missed nothing, hears nothing old', async () => {
    const api = await testApi()
    api.feed.add(row(1))
    const client = await connect(api, { query: '?after=c.1' })
    expect(await client.next('hello')).toMatchObject({ head: 'c.1', resumed: true })
    expect(await drain(api, client)).toEqual([])
  })

  test.each(['before the rows are read', 'after the rows are read', 'both'])(
    'misses and repeats nothing that comes in between: %s',
    async (when) => {
      const api = await testApi()
      api.feed.add(...many(1, 10))
      if (when !== 'after the rows are read') api.feed.beforeRead = () => api.feed.add(row(11), row(12))
      if (when !== 'before the rows are read') api.feed.afterRead = () => api.feed.add(row(13), row(14))
      const client = await connect(api, { query: '?after=c.5' })
      expect(await client.next('hello')).toMatchObject({ head: 'c.5', resumed: true })
      const expected =
        when === 'before the rows are read' ? [11, 12] : when === 'both' ? [11, 12, 13, 14] : [13, 14]
      expect(await drain(api, client)).toEqual([6, 7, 8, 9, 10, ...expected])
    },
  )

  test('gets rows once that were in the index before it listened and were told afterwards', async () => {
    const api = await testApi()
    api.feed.rows.push(...many(1, 4))
    api.feed.afterRead = () => api.feed.tell(row(3), row(4))
    const client = await connect(api, { query: '?after=c.2' })
    await client.next('hello')
    expect(await drain(api, client)).toEqual([3, 4])
  })

  test('gets rows once that it read before the feed told of them, and its head does not go back', async () => {
    const api = await testApi()
    api.feed.add(...many(1, 4))
    api.feed.rows.push(row(5), row(6), row(7))
    const client = await connect(api, { query: '?after=c.2' })
    expect(await client.next('hello')).toMatchObject({ head: 'c.2', resumed: true })
    expect(await client.next('events')).toEqual({ type: 'events', events: many(3, 7), head: 'c.7' })
    api.feed.tell(row(5))
    api.feed.tell(row(6), row(7))
    api.clock.pass(100)
    await client.settled()
    expect(client.messages).toEqual([])
    api.feed.add(row(8))
    expect(await client.next('events')).toEqual({ type: 'events', events: [row(8)], head: 'c.8' })
  })

  test('gets 5,000 that it missed, while more come', async () => {
    const api = await testApi()
    api.feed.add(...many(1, 5001))
    api.feed.afterRead = () => api.feed.add(...many(5002, 5100))
    const client = await connect(api, { query: '?after=c.1' })
    expect(await client.next('hello')).toMatchObject({ resumed: true })
    expect(await drain(api, client)).toEqual(numbers(many(2, 5100)))
  })

  test('is told of a gap where it missed more, and hears what follows it', async () => {
    const api = await testApi()
    api.feed.add(...many(1, 5002))
    api.feed.beforeRead = () => api.feed.add(row(5003))
    const client = await connect(api, { query: '?after=c.1' })
    expect(await client.next('hello')).toMatchObject({ head: 'c.5003', resumed: false })
    expect(await client.next('gap')).toEqual({ type: 'gap', head: 'c.5003', reason: 'unknown-cursor' })
    api.feed.add(row(5004))
    api.clock.pass(100)
    expect(await drain(api, client)).toEqual([5004])
  })

  test('is told of a gap where the node does not know its cursor', async () => {
    const api = await testApi()
    api.feed.add(row(1))
    const client = await connect(api, { query: '?after=another-index.9' })
    expect(await client.next('hello')).toMatchObject({ head: 'c.1', resumed: false })
    expect(await client.next('gap')).toEqual({ type: 'gap', head: 'c.1', reason: 'unknown-cursor' })
  })

  test('is told of a gap where more comes than it can hold while the rows are read', async () => {
    const api = await testApi()
    api.feed.add(...many(1, 3))
    api.feed.afterRead = () => api.feed.add(...many(4, 5100))
    const client = await connect(api, { query: '?after=c.1' })
    expect(await client.next('hello')).toMatchObject({ head: 'c.5100', resumed: false })
    expect(await client.next('gap')).toEqual({ type: 'gap', head: 'c.5100', reason: 'lagging' })
    api.feed.add(row(5101))
    api.clock.pass(100)
    expect(await drain(api, client)).toEqual([5101])
  })

  test('may leave again before it is answered', async () => {
    const api = await testApi()
    api.feed.add(row(1))
    let go = () => {}
    api.feed.afterRead = () => new Promise<void>((resolve) => (go = resolve))
    const client = await connect(api, { query: '?after=c.0' })
    const other = await listening(api)
    expect(api.feed.listeners).toBe(10)
    client.socket.terminate()
    await client.closed()
    await expect.poll(() => api.feed.listeners).toBe(5)
    go()
    await other.settled()
    expect(client.messages).toEqual([])
    expect(api.logged).toEqual([])
  })

  test('is sent away where the rows cannot be read', async () => {
    const api = await testApi()
    const error = new Error('SQLITE_IOERR')
    api.feed.beforeRead = () => Promise.reject(error)
    const client = await connect(api, { query: '?after=c.0' })
    expect(await client.closed()).toEqual({ code: 1011 })
    expect(api.logged).toMatchObject([{ fields: { err: error } }])
    await expect.poll(() => api.feed.listeners).toBe(0)
  })
})

describe('a listener that lags', () => {
  test('by more than 5,000 events gets a gap in their place', async () => {
    const api = await testApi()
    const client = await listening(api)
    api.feed.add(...many(1, 5000))
    api.feed.add(...many(5001, 5501))
    expect((await client.next('events')).head).toBe('c.500')
    api.clock.pass(100)
    expect(await client.next('gap')).toEqual({ type: 'gap', head: 'c.5501', reason: 'lagging' })
    api.feed.add(row(5502))
    api.clock.pass(100)
    expect(await drain(api, client)).toEqual([5502])
  })

  test('by 5,000 gets them all', async () => {
    const api = await testApi()
    const client = await listening(api)
    api.feed.add(...many(1, 500))
    api.feed.add(...many(501, 5500))
    expect(await drain(api, client)).toEqual(numbers(many(1, 5500)))
  })

  test('because it does not read is given no more, then a gap, and what follows when it reads again', async () => {
    const api = await testApi()
    const client = await listening(api)
    client.socket.pause()
    // More than the systems' socket buffers and the server's own megabyte hold.
    let last = 0
    for (let round = 0; round < 80; round++) {
      api.feed.add(...many(last + 1, last + 500))
      last += 500
      api.clock.pass(100)
      // Lets what can be sent be sent.
      await new Promise((resolve) => setImmediate(resolve))
    }
    api.clock.pass(10_000)
    client.socket.resume()
    const seen: number[] = []
    let gap: unknown
    await expect
      .poll(() => {
        api.clock.pass(100)
        for (const message of client.messages.splice(0)) {
          if (message.type === 'gap') gap = message
          if (message.type === 'events') seen.push(...numbers(message.events))
        }
        return gap
      })
      .toEqual({ type: 'gap', head: `c.${last}`, reason: 'lagging' })
    expect(seen).toEqual(numbers(many(1, seen.length)))
    expect(seen.length).toBeLessThan(last)
    api.feed.add(row(last + 1))
    api.clock.pass(100)
    expect(await drain(api, client)).toEqual([last + 1])
  })

  test('and does not answer pings is cut off; one that answers stays', async () => {
    const api = await testApi()
    const [deaf, alive] = [await listening(api), await listening(api)]
    deaf.socket.pause()
    api.clock.pass(30_000)
    await alive.settled()
    api.clock.pass(30_000)
    await alive.settled()
    expect(api.feed.listeners).toBe(5)
    api.feed.add(row(1))
    expect(numbers((await alive.next('events')).events)).toEqual([1])
  })
})

describe('the door of the WebSocket', () => {
  const refusal = (api: TestApi, options: Parameters<typeof connect>[1]) =>
    connect(api, options).then(
      () => 'open',
      (error: unknown) => (error as Error).message.slice(0, 60),
    )

  test('opens to the token as a subprotocol, which never comes back', async () => {
    const api = await testApi()
    const client = await connect(api)
    expect(client.socket.protocol).toBe('vibetea.v1')
    const turned = await connect(api, { protocols: [`bearer.${api.tokens.api}`, 'vibetea.v1'] })
    expect(turned.socket.protocol).toBe('vibetea.v1')
  })

  test('opens to the token as a header, with the subprotocol or without', async () => {
    const api = await testApi()
    const headers = { Authorization: `Bearer ${api.tokens.api}` }
    expect((await connect(api, { protocols: [], headers })).socket.protocol).toBe('')
    expect((await connect(api, { protocols: ['vibetea.v1'], headers })).socket.protocol).toBe('vibetea.v1')
  })

  test("opens to a page's own origin and token", async () => {
    const api = await testApi()
    const redeemed = api.tokens.redeem(api.tokens.launchCode(1000)) as { token: string }
    const protocols = ['vibetea.v1', `bearer.${redeemed.token}`]
    const client = await connect(api, {
      protocols,
      headers: { Origin: api.url, 'Sec-Fetch-Site': 'same-origin' },
    })
    await client.next('hello')
  })

  test('stays shut without a token, with a wrong one, or one in another place', async () => {
    const api = await testApi()
    const token = api.tokens.api
    for (const options of [
      { protocols: [] },
      { protocols: ['vibetea.v1'] },
      { protocols: ['vibetea.v1', 'bearer.'] },
      { protocols: ['vibetea.v1', `bearer.${token.slice(1)}`] },
      { protocols: ['vibetea.v1', token] },
      { protocols: ['vibetea.v1'], query: `?token=${token}` },
      { protocols: ['vibetea.v1'], headers: { Cookie: `token=${token}` } },
      { protocols: ['vibetea.v1'], headers: { Authorization: token } },
    ]) {
      expect(await refusal(api, options)).toMatch(/^401 {"error":"missing_token"/)
    }
  })

  test('stays shut to other origins and hosts, token or not', async () => {
    const api = await testApi()
    expect(await refusal(api, { headers: { Origin: 'http://evil.test' } })).toMatch(
      /^403 {"error":"wrong_origin"/,
    )
    expect(await refusal(api, { headers: { Origin: 'http://127.0.0.1:1' } })).toMatch(
      /^403 {"error":"wrong_origin"/,
    )
    expect(await refusal(api, { headers: { Origin: 'null' } })).toMatch(/^403 {"error":"wrong_origin"/)
    expect(await refusal(api, { headers: { Host: 'evil.test' } })).toMatch(/^421 {"error":"wrong_host"/)
    expect(await refusal(api, { headers: { 'Sec-Fetch-Site': 'cross-site' } })).toMatch(
      /^403 {"error":"cross_site"/,
    )
    expect(api.feed.listeners).toBe(0)
  })

  test('is at /ws and nowhere else', async () => {
    const api = await testApi()
    for (const path of ['/', '/ws/', '/api/events', '/wss', '/%77s']) {
      expect(await refusal(api, { path })).toMatch(/^404 {"error":"not_found"/)
    }
    expect(await api.ask('/ws')).toMatchObject({ status: 426 })
  })

  test.each([
    ['?type=tools', '"type" is "tools"'],
    ['?interval=9', '"interval" is "9"'],
    ['?interval=1001', '"interval" is "1001"'],
    ['?after=', '"after" is ""'],
    ['?limit=5', 'This call has no parameter "limit".'],
  ])('says what is wrong with %s', async (query, message) => {
    const api = await testApi()
    await expect(connect(api, { query })).rejects.toThrow(JSON.stringify(message).slice(1, -1))
  })

  test('asks for its own subprotocol where one is offered', async () => {
    const api = await testApi()
    expect(await refusal(api, { protocols: [`bearer.${api.tokens.api}`] })).toMatch(/^400 .*vibetea.v1|^400/)
  })

  test('lets in a hundred at a time', async () => {
    const api = await testApi()
    const clients = await Promise.all(Array.from({ length: 100 }, () => connect(api)))
    expect(await refusal(api, {})).toMatch(/^503 {"error":"too_many_clients"/)
    clients[0]!.socket.terminate()
    await expect.poll(() => refusal(api, {})).toBe('open')
  })

  test('forgets who left', async () => {
    const api = await testApi()
    const client = await listening(api)
    expect(api.feed.listeners).toBe(5)
    client.socket.close()
    await expect.poll(() => api.feed.listeners).toBe(0)
  })
})

describe('what a listener sends', () => {
  test('is ignored where it is a message', async () => {
    const api = await testApi()
    const client = await listening(api)
    client.socket.send('{"type":"events"}')
    client.socket.send('x'.repeat(64 * 1024))
    client.socket.send(Buffer.from([0, 255]))
    api.feed.add(row(1))
    expect(numbers((await client.next('events')).events)).toEqual([1])
  })

  test.each([
    ['larger than 64 KB', 1009, (client: Client) => client.socket.send('x'.repeat(64 * 1024 + 1))],
    [
      'not text though it says so',
      1007,
      (client: Client) => client.socket.send(Buffer.from([0xc3]), { binary: false }),
    ],
  ])('ends the connection where it is %s, and nobody else notices', async (_what, code, send) => {
    const api = await testApi()
    const [bad, good] = [await listening(api), await listening(api)]
    const closed = bad.closed()
    send(bad)
    expect(await closed).toEqual({ code })
    await expect.poll(() => api.feed.listeners).toBe(5)
    api.feed.add(row(1))
    expect(numbers((await good.next('events')).events)).toEqual([1])
    expect(api.logged).toEqual([])
  })
})
