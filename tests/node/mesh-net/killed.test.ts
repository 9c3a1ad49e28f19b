import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it, onTestFinished } from 'vitest'
import { gateKeyOf, topicOf } from '../../../core/secrets.ts'
import { bytesOf } from '../mesh/team.ts'
import { bootstrapNode, certificateOf, eventually, meshOf, noiseKeyOf, TEAM } from './mesh-world.ts'

/** A teammate in a process of its own, as short as the protocol allows. */
const TEAMMATE = `
  import HyperDHT from 'hyperdht'
  import Hyperswarm from 'hyperswarm'
  import Protomux from 'protomux'
  import { raw } from 'compact-encoding'
  import sodium from 'sodium-universal'
  const { port, seed, topic, gateKey, certificate } = JSON.parse(process.argv[1])
  const bytes = (hex) => Buffer.from(hex, 'hex')
  const bootstrap = [{ host: '127.0.0.1', port }]
  const dht = new HyperDHT({ bootstrap, host: '127.0.0.1', firewalled: false })
  const swarm = new Hyperswarm({ dht, keyPair: HyperDHT.keyPair(bytes(seed)) })
  swarm.on('connection', (stream) => {
    stream.on('error', () => {})
    const channel = Protomux.from(stream).createChannel({ protocol: 'vibetea/gate/1', handshake: raw })
    const [hello, , certificates] = [0, 1, 2].map(() => channel.addMessage({ encoding: raw }))
    const handshake = Buffer.alloc(257, 1)
    const proven = Buffer.concat([Buffer.from([stream.isInitiator ? 0 : 1]), stream.handshakeHash])
    sodium.crypto_generichash(handshake.subarray(1, 33), proven, bytes(gateKey))
    channel.open(handshake)
    hello.send(Buffer.concat([Buffer.alloc(72), Buffer.from('9.9.9')]))
    certificates.send(bytes(certificate))
  })
  swarm.join(bytes(topic))
`

it('a teammate whose process is killed is offline within seconds', async () => {
  const bootstrap = await bootstrapNode()
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
  const secrets = TEAM.secrets('mirror')
  const given = {
    port: bootstrap[0]!.port,
    seed: hex(bytesOf('noise secret ben')),
    topic: hex(topicOf(secrets)),
    gateKey: hex(gateKeyOf(secrets)),
    certificate: hex(certificateOf(TEAM, 'ben')),
  }
  const ada = await meshOf('ada', { bootstrap })
  const child = spawn(process.execPath, ['--input-type=module', '-e', TEAMMATE, JSON.stringify(given)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const isOnline = () => ada.mesh.core.peers().some(({ since }) => since !== null)
  await eventually(isOnline)
  expect(ada.mesh.core.peers()).toMatchObject([{ version: '9.9.9' }])
  child.kill('SIGKILL')
  await once(child, 'exit')
  await eventually(() => !isOnline())
  expect(ada.mesh.connectionOf(noiseKeyOf('ben').publicKey)).not.toBe('direct')
})
