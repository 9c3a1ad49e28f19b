import HyperDHT from 'hyperdht'
import { localSwarm } from './team-parts.ts'

/** A process with a swarm and nothing else, which tells when it is connected with all others. */

const [bootstrap, topic, size] = process.argv.slice(2)
const met = new Set<string>()
const swarm = await localSwarm(bootstrap!, HyperDHT.keyPair())
swarm.on('connection', ({ remotePublicKey }) => {
  met.add(remotePublicKey.toString('hex'))
  if (met.size === Number(size) - 1) process.send!('connected')
})
const session = swarm.join(Buffer.from(topic!, 'hex'))
for (const ms of [500, 2000, 5000, 15_000, 30_000]) setTimeout(() => void session.refresh(), ms)
process.on('disconnect', () => process.exit())
