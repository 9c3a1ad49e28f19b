import Corestore from 'corestore'
import { expect, it } from 'vitest'
import { freeUdpPort } from '../../../node/free-port.ts'
import { temporaryDirectory } from '../../support/directory.ts'
import { teamOf } from '../mesh/team.ts'
import {
  bootstrapNode,
  certificateOf,
  eventually,
  fastTimers,
  helloOf,
  meshOf,
  RawPeer,
  rightHandshake,
  TEAM,
} from './mesh-world.ts'

it('three that join at the same moment find each other, and know each other by their certificates', async () => {
  const bootstrap = await bootstrapNode()
  const all = await Promise.all(['ada', 'ben', 'cem'].map((name) => meshOf(name, { bootstrap })))
  for (const one of all) {
    for (const other of all) {
      if (one === other) continue
      await eventually(() => one.sees(other) === 'direct')
      expect(one.mesh.pathOf(other.noise)).toBe('local')
    }
    await eventually(() => one.mesh.core.peers().filter(({ version }) => version === '1.0.0').length === 2)
    expect(one.mesh.reach()).toEqual({ state: 'connected', message: 'Connected to 2 teammates.' })
    expect(one.kept.certificate).toHaveLength(3)
    expect(one.mesh.refused).toEqual({})
  }
})

it('what one writes another reads, once both have passed the gate', async () => {
  const bootstrap = await bootstrapNode()
  const [ada, ben] = await Promise.all(
    ['ada', 'ben'].map(async (name) => {
      const store = new Corestore(temporaryDirectory())
      await store.ready()
      return { store, node: await meshOf(name, { bootstrap, store }) }
    }),
  )
  const written = ada!.store.get({ name: 'log' })
  await written.append(Buffer.from('a block'))
  const read = ben!.store.get({ key: written.key, writable: false })
  expect((await read.get(0, { timeout: 20_000 })).toString()).toBe('a block')
  for (const { store, node } of [ada!, ben!]) {
    await node.mesh.destroy()
    await store.close()
  }
})

it('a device that the topic does not show is called once a teammate has passed its certificate on', async () => {
  const bootstrap = await bootstrapNode()
  const [ada, ben] = [await meshOf('ada', { bootstrap }), await meshOf('ben', { bootstrap })]
  await eventually(() => ada.sees(ben) === 'direct')
  const cem = new RawPeer('cem', bootstrap, (connection) => {
    queueMicrotask(() => {
      connection.send('hello', helloOf(TEAM, connection))
      connection.send('certificates', certificateOf(TEAM, 'cem'))
    })
    return rightHandshake(TEAM)(connection)
  })
  // It can be called, but is announced nowhere, and itself knows ben only.
  await cem.swarm.listen()
  cem.swarm.joinPeer(Buffer.from(ben.noise))
  await eventually(() => ben.sees(cem) === 'direct')
  await eventually(() => ada.sees(cem) === 'direct')
})

it('a teammate who went and comes back is connected again', async () => {
  const bootstrap = await bootstrapNode()
  const ada = await meshOf('ada', { bootstrap })
  const ben = await meshOf('ben', { bootstrap })
  await eventually(() => ada.mesh.core.peers().length === 1)
  await ben.mesh.destroy()
  await eventually(() => ada.sees(ben) !== 'direct')
  expect(ada.mesh.core.peers()).toMatchObject([{ since: null }])
  const again = await meshOf('ben', { bootstrap })
  await eventually(() => ada.sees(ben) === 'direct' && again.sees(ada) === 'direct')
})

it('a connection that breaks is made again', async () => {
  const bootstrap = await bootstrapNode()
  const [ada, ben] = [await meshOf('ada', { bootstrap }), await meshOf('ben', { bootstrap })]
  await eventually(() => ada.sees(ben) === 'direct')
  const broken = ada.served.at(-1)!
  broken.destroy()
  await eventually(() => ada.sees(ben) === 'direct' && ada.served.at(-1) !== broken)
})

it('nodes that were started before the bootstrap node meet once it is there', async () => {
  const port = await freeUdpPort('127.0.0.1')
  const bootstrap = [{ host: '127.0.0.1', port }]
  const timers = fastTimers(10)
  const [ada, ben] = [await meshOf('ada', { bootstrap, timers }), await meshOf('ben', { bootstrap, timers })]
  await eventually(() => ada.mesh.reach().state === 'unreachable')
  expect(ada.mesh.reach().message).toBe(
    `127.0.0.1:${port} (VIBETEA_BOOTSTRAP) does not answer. Check that vibetea bootstrap runs there and that no ` +
      'firewall blocks its UDP port.',
  )
  await bootstrapNode(port)
  await eventually(() => ada.sees(ben) === 'direct')
  expect(ada.mesh.reach().state).toBe('connected')
})

it('says whom it looks for while nobody is there, and that the key may be another', async () => {
  const bootstrap = await bootstrapNode()
  const ada = await meshOf('ada', { bootstrap })
  await eventually(() => ada.mesh.reach().message.startsWith('No teammate has been found yet.'))
  expect(ada.mesh.reach().state).toBe('searching')
  ada.mesh.core.publish('certificate', certificateOf(TEAM, 'ben'))
  expect(ada.sees({ noise: (await meshOf('zoe', { bootstrap, team: teamOf('other') })).noise })).toBe(
    'offline',
  )
  expect(ada.mesh.reach().message).toBe('Of one other device of the team none is found; they may be offline.')
  new RawPeer('eve', bootstrap, () => new Uint8Array(257).fill(1)).join(TEAM)
  await eventually(() => (ada.mesh.refused.wrong_key ?? 0) > 0)
  expect(ada.mesh.reach().message).toContain('Compare the keys')
})

it('ends for good, whether or not anything answers', async () => {
  // What keeps a process from ending by itself.
  const left = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
  const bootstrap = await bootstrapNode()
  const before = left()
  const ada = await meshOf('ada', { bootstrap })
  const ben = await meshOf('ben', { bootstrap })
  await eventually(() => ada.sees(ben) === 'direct')
  const alone = await meshOf('cem', {
    bootstrap: [{ host: '127.0.0.1', port: await freeUdpPort('127.0.0.1') }],
  })
  for (const { mesh } of [ada, ben, alone]) await mesh.destroy()
  await eventually(() => left() <= before)
  expect(ada.sees(ben)).toBe('offline')
})
