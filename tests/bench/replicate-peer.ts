import HyperDHT from 'hyperdht'
import { TeamStore } from '../../node/log/team-store.ts'
import { deviceOf, localSwarm, madeUpBlocks, storeOptions } from './team-parts.ts'

/** The process that has a log and serves it to whoever connects; ends with the one that started it. */

export interface PeerTask {
  directory: string
  bootstrap: string
  /** Hex. */
  teamId: string
  write: string
  secret: string
  events: number
  perBlock: number
}

const task = JSON.parse(process.argv[2]!) as PeerTask
const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'))
const noise = HyperDHT.keyPair(bytes(task.secret))
const device = deviceOf('kettle', bytes(task.secret), noise.publicKey)
const team = { teamId: bytes(task.teamId), write: bytes(task.write) }
const store = await TeamStore.open(storeOptions(task.directory, team, device))
for await (const lists of madeUpBlocks(device.source, task.events, task.perBlock)) {
  await store.events!.append(lists)
}
const swarm = await localSwarm(task.bootstrap, noise)
swarm.on('connection', (connection) => store.replicate(connection))
await swarm.listen()
process.on('disconnect', () => process.exit())
process.send!('ready')
