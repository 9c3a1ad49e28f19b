import NoiseSecretStream from '@hyperswarm/secret-stream'
import Corestore from 'corestore'
import type Hypercore from 'hypercore'
import { expect, onTestFinished, test, vi } from 'vitest'
import { isOfPeers } from '../../../node/mesh/peer-errors.ts'
import type { RefusedReason } from '../../../node/mesh/port.ts'
import { guardReplication } from '../../../node/mesh/replication-guard.ts'
import { temporaryDirectory } from '../../support/directory.ts'

/** What Hypercore's own peer can send, right or wrong. */
type Wire = Record<
  'wireSync' | 'wireRequest' | 'wireData' | 'wireBitfield' | 'wireRange',
  { send(message: object): void }
>

/** A log on both ends of a connection: the writer's, as one who may do harm, and a guarded reader's. */
async function guarded(blocks = 3) {
  const [stores, streams] = [
    [new Corestore(temporaryDirectory()), new Corestore(temporaryDirectory())],
    [new NoiseSecretStream(true), new NoiseSecretStream(false)],
  ] as const
  onTestFinished(async () => {
    for (const stream of streams) stream.destroy()
    for (const store of stores) await store.close()
  })
  const [there, here] = streams
  for (const stream of streams) stream.on('error', () => {})
  const own = stores[0].get({ name: 'log' })
  await own.append(Array.from({ length: blocks }, (_, i) => new Uint8Array([i])))
  const read = stores[1].get({ key: own.key, writable: false, allowFork: false })
  await read.ready()
  const refused: RefusedReason[] = []
  guardReplication(here, (reason) => {
    refused.push(reason)
    here.destroy()
  })
  there.rawStream.pipe(here.rawStream).pipe(there.rawStream)
  for (const [i, store] of stores.entries()) store.replicate(streams[i])
  await vi.waitFor(() => expect(read.peers).toHaveLength(1))
  const wire = own.peers[0] as Hypercore.Peer & Wire
  return { own, read, wire, refused }
}

const REQUEST = {
  id: 1,
  fork: 0,
  block: null,
  hash: null,
  seek: null,
  upgrade: null,
  manifest: false,
  priority: 0,
}

test('a log comes over a guarded connection as over another', async () => {
  const { read, refused } = await guarded(200)
  await read.download({ start: 0, end: 200 }).done()
  expect(Buffer.from((await read.get(199, { wait: false }))!)).toEqual(Buffer.from([199]))
  expect(refused).toEqual([])
})

test.each<[string, (wire: Wire) => void, RefusedReason]>([
  [
    'has blocks without end',
    ({ wireRange }) => wireRange.send({ drop: false, start: 1, length: 2 ** 45 }),
    'malformed_message',
  ],
  [
    'has a hundred million blocks',
    ({ wireRange }) => wireRange.send({ drop: false, start: 1, length: 1e8 }),
    'too_many_messages',
  ],
  [
    'has one block here and one there',
    ({ wireRange }) => {
      for (let i = 1; i < 3000; i++) wireRange.send({ drop: false, start: i * 32_768, length: 1 })
    },
    'too_many_messages',
  ],
  [
    'has blocks far away',
    ({ wireBitfield }) => wireBitfield.send({ start: 2 ** 50, bitfield: new Uint32Array(1) }),
    'malformed_message',
  ],
  [
    'lacks what is far away',
    ({ wireRange }) => wireRange.send({ drop: true, start: 1, length: 2 ** 50 }),
    'malformed_message',
  ],
  [
    'has a log without end',
    ({ wireSync }) =>
      wireSync.send({
        fork: 0,
        length: 2 ** 50,
        remoteLength: 0,
        canUpgrade: true,
        uploading: true,
        downloading: true,
        hasManifest: true,
        allowPush: false,
      }),
    'malformed_message',
  ],
  [
    'has rewritten the log',
    ({ wireData }) =>
      wireData.send({
        request: 1,
        fork: 1,
        block: null,
        hash: null,
        seek: null,
        manifest: null,
        upgrade: { start: 0, length: 9, nodes: [], additionalNodes: [], signature: new Uint8Array(64) },
      }),
    'malformed_message',
  ],
])('a peer that says it %s is refused', async (_, act, reason) => {
  const { wire, refused } = await guarded()
  act(wire)
  await vi.waitFor(() => expect(refused[0]).toBe(reason))
})

test('a message at which Hypercore throws ends its connection alone', async () => {
  const { read, wire, refused } = await guarded()
  // Asked of who is no longer active and of a fork that is not there, Hypercore 11.37.1 looks into nothing.
  ;(read.peers[0] as Hypercore.Peer & { paused: boolean }).paused = true
  wire.wireRequest.send({ ...REQUEST, fork: 7, block: { index: 0, nodes: 0 } })
  await vi.waitFor(() => expect(refused).toEqual(['malformed_message']))
})

test("only what comes out of peers' messages is survived", () => {
  const from = (...frames: string[]) =>
    Object.assign(new TypeError('odd'), { stack: ['TypeError: odd', ...frames].join('\n') })
  expect(
    isOfPeers(from('    at verifyUpgrade (/home/ada/node_modules/hypercore/lib/merkle-tree.js:976:48)')),
  ).toBe(true)
  expect(
    isOfPeers(
      from(
        '    at new Uint32Array (node:internal:1:1)',
        '    at d (C:\\v\\node_modules\\protomux\\index.js:9:1)',
      ),
    ),
  ).toBe(true)
  expect(
    isOfPeers(
      from(
        '    at read (/home/ada/vibetea/dist/node/log/team-log.js:9:1)',
        '    at x (/v/node_modules/hypercore/index.js:1:1)',
      ),
    ),
  ).toBe(false)
  expect(isOfPeers('odd')).toBe(false)
})
