import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import NoiseSecretStream from '@hyperswarm/secret-stream'
import { expect, it, onTestFinished } from 'vitest'
import { watchNetwork } from '../../../node/mesh/network-watch.ts'
import { PeerLink } from '../../../node/mesh/peer-link.ts'
import { describeReach, type ReachFacts } from '../../../node/mesh/reach.ts'
import { eventually, fastTimers } from './mesh-world.ts'

/** Time that goes on when it is told to. */
function handTimers() {
  let now = 0
  let waiting: { at: number; call: () => void }[] = []
  return {
    now: () => now,
    after(ms: number, call: () => void) {
      const entry = { at: now + ms, call }
      waiting.push(entry)
      return () => void (waiting = waiting.filter((each) => each !== entry))
    },
    /** Lets time pass; with `late` nothing runs until its end, as when the machine sleeps. */
    pass(ms: number, late = false) {
      const end = now + ms
      for (;;) {
        const next = waiting.sort((a, b) => a.at - b.at).find(({ at }) => at <= end)
        if (!next) break
        waiting = waiting.filter((each) => each !== next)
        now = late ? end : Math.max(now, next.at)
        next.call()
      }
      now = end
    },
    get waiting() {
      return waiting.length
    },
  }
}

it('notices that the machine has slept, and that it is on another network', () => {
  const timers = handTimers()
  let addresses = ['192.168.1.5']
  const seen: string[] = []
  const stop = watchNetwork(
    timers,
    () => addresses,
    (what) => seen.push(what),
  )
  timers.pass(60_000)
  expect(seen).toEqual([])
  timers.pass(3_600_000, true)
  expect(seen).toEqual(['woke'])
  addresses = []
  timers.pass(5000)
  addresses = ['10.0.0.7']
  timers.pass(60_000)
  expect(seen).toEqual(['woke', 'moved', 'moved'])
  stop()
  expect(timers.waiting).toBe(0)
})

/** A link over TCP to a peer that this test plays. */
async function linkOverTcp() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [theirs] = (await once(server, 'connection')) as [Socket]
  const ours = new NoiseSecretStream(true, socket)
  const remote = new NoiseSecretStream(false, theirs)
  for (const stream of [ours, remote]) stream.on('error', () => {})
  await Promise.all([ours.opened, remote.opened])
  onTestFinished(() => {
    for (const stream of [ours, remote]) stream.destroy()
    server.close()
  })
  const refused: string[] = []
  const events = {
    opened: () => {},
    received: () => {},
    refused: (reason: string) => void refused.push(reason),
  }
  const link = new PeerLink(ours, ['certificates'], new Uint8Array(257), events, fastTimers())
  return { link, refused, theirs }
}

it('a peer that stops reading is dropped before much is held for it', async () => {
  const { link, refused, theirs } = await linkOverTcp()
  link.pass()
  theirs.pause()
  const bytes = new Uint8Array(20_000)
  let sent = 0
  while (refused.length === 0 && sent < 1_000_000_000) {
    link.send('certificates', bytes)
    sent += bytes.length
    if (sent % 1_000_000 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  expect(refused).toEqual(['too_slow'])
  expect(sent).toBeLessThan(50_000_000)
  await eventually(() => link.stream.destroyed)
})

it('a peer that is gone without a word is dropped once it shows no life', async () => {
  const { link, theirs } = await linkOverTcp()
  theirs.pause()
  link.expectLife(300)
  await eventually(() => link.stream.destroyed)
})

const FACTS: ReachFacts = {
  connected: 0,
  known: 0,
  strangers: 0,
  hasNetwork: true,
  bootstrap: null,
  dhtNodes: 20,
  dhtAnswers: 100,
  searchingMs: 60_000,
}
const BOOTSTRAP = [{ host: '192.168.1.5', port: 49737 }]

it.each<[string, Partial<ReachFacts>, string, RegExp]>([
  ['one is connected', { connected: 1 }, 'connected', /^Connected to one teammate\.$/],
  ['there is no network', { hasNetwork: false, dhtNodes: 0 }, 'unreachable', /no network connection/],
  ['it has just begun', { dhtNodes: 0, searchingMs: 1000 }, 'searching', /^Looking for teammates\.$/],
  ['the public DHT is silent', { dhtNodes: 0, dhtAnswers: 0 }, 'unreachable', /block UDP.*VIBETEA_BOOTSTRAP/],
  [
    'the bootstrap node is silent',
    { dhtNodes: 0, dhtAnswers: 0, bootstrap: BOOTSTRAP },
    'unreachable',
    /^192\.168\.1\.5:49737 \(VIBETEA_BOOTSTRAP\) does not answer\./,
  ],
  [
    'it is known by another address',
    { dhtNodes: 0, bootstrap: BOOTSTRAP },
    'unreachable',
    /the address that vibetea bootstrap printed/,
  ],
  ['somebody has another key', { strangers: 2 }, 'searching', /Compare the keys/],
  ['nobody is known', {}, 'searching', /^No teammate has been found yet\./],
  ['all are away', { known: 3 }, 'searching', /^Of 3 other devices of the team none is found/],
])('says why nobody can be reached: %s', (_, facts, state, message) => {
  const reach = describeReach({ ...FACTS, ...facts })
  expect(reach.state).toBe(state)
  expect(reach.message).toMatch(message)
})

it('needs no network for a bootstrap node on this machine', () => {
  const reach = describeReach({
    ...FACTS,
    hasNetwork: false,
    bootstrap: [{ host: '127.0.0.1', port: 49737 }],
  })
  expect(reach.message).toMatch(/^No teammate has been found yet\./)
})
