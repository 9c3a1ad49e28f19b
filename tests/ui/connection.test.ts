import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ServerMessage } from '../../core/api.ts'
import { Connection, waitBefore } from '../../ui/lib/connection.svelte.ts'
import { promptAt } from '../support/events.ts'
import { FakeSocket, NOW, rowOf } from './support.ts'

const messages: ServerMessage[] = []
let token: string | null = 'secret'
const sockets = FakeSocket.opened
const latest = () => sockets.at(-1)!

beforeEach(() => {
  vi.useFakeTimers({ now: NOW })
  sockets.length = 0
  messages.length = 0
  token = 'secret'
})
afterEach(() => vi.useRealTimers())

function connect(probe: () => Promise<unknown> = () => Promise.reject(new Error('away'))): Connection {
  const connection = new Connection({
    open: (query, protocols) => new FakeSocket(query, protocols) as unknown as WebSocket,
    token: () => token,
    probe,
    onMessage: (message) => messages.push(message),
    now: () => Date.now(),
    random: () => 1,
  })
  connection.start()
  return connection
}

const events = (head: string): ServerMessage => ({ type: 'events', events: [rowOf(promptAt(NOW))], head })

describe('the connection', () => {
  it('offers its token as a subprotocol, never in the address', () => {
    connect()
    expect(latest().protocols).toEqual(['vibetea.v1', 'bearer.secret'])
    expect(latest().url).toBe('')
  })

  it('tries again after 0.5 s, then twice as long each time, at most 10 s', () => {
    const connection = connect()
    const waits = [500, 1000, 2000, 4000, 8000, 10_000, 10_000]
    for (const wait of waits) {
      const before = sockets.length
      latest().break()
      expect(connection.state).toBe('down')
      expect(connection.retryAt - Date.now()).toBe(wait)
      vi.advanceTimersByTime(wait - 1)
      expect(sockets.length).toBe(before)
      vi.advanceTimersByTime(1)
      expect(sockets.length).toBe(before + 1)
    }
  })

  it('does not come back in step with other tabs', () => {
    expect(waitBefore(2, 0)).toBe(1000)
    expect(waitBefore(2, 0.5)).toBe(1500)
    expect(waitBefore(99, 1)).toBe(10_000)
  })

  it('goes on after the last events that it was given', () => {
    const connection = connect()
    latest().hello('c.5')
    latest().say(events('c.9'))
    expect(connection.state).toBe('live')
    latest().break()
    vi.advanceTimersByTime(500)
    expect(latest().url).toBe('?after=c.9')
    // The head of a hello that resumes is ahead of what is still to come.
    latest().hello('c.20', true)
    latest().break()
    vi.advanceTimersByTime(500)
    expect(latest().url).toBe('?after=c.9')
  })

  it('goes on after a gap where the node says that it ends', () => {
    connect()
    latest().hello('c.5')
    latest().say({ type: 'gap', head: 'c.9000', reason: 'lagging' })
    latest().break()
    vi.advanceTimersByTime(500)
    expect(latest().url).toBe('?after=c.9000')
  })

  it('starts with short waits again once it has been live', () => {
    const connection = connect()
    for (let i = 0; i < 5; i++) {
      latest().break()
      vi.advanceTimersByTime(10_000)
    }
    latest().hello('c.1')
    latest().break()
    expect(connection.retryAt - Date.now()).toBe(500)
  })

  it('tries at once when asked to', () => {
    const connection = connect()
    latest().break()
    connection.retry()
    expect(sockets).toHaveLength(2)
    vi.advanceTimersByTime(60_000)
    expect(sockets).toHaveLength(2)
  })

  it('knows up to when everything is here', () => {
    const connection = connect()
    latest().hello('c.5')
    vi.advanceTimersByTime(60_000)
    latest().break()
    expect(connection.lastDataAt).toBe(NOW + 60_000)
    vi.advanceTimersByTime(500)
    latest().break()
    expect(connection.lastDataAt).toBe(NOW + 60_000)
  })

  it('stays locked without a token, and goes on with a new one where it was', () => {
    const connection = connect()
    latest().hello('c.5')
    connection.lock()
    vi.advanceTimersByTime(60_000)
    expect(connection.state).toBe('locked')
    expect(sockets).toHaveLength(1)
    token = 'newer'
    connection.unlock()
    expect(latest().protocols[1]).toBe('bearer.newer')
    expect(latest().url).toBe('?after=c.5')
  })

  it('is locked where there is no token at all', () => {
    token = null
    expect(connect().state).toBe('locked')
    expect(sockets).toHaveLength(0)
  })
})
