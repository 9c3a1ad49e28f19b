import { join } from 'node:path'
import HyperDHT from 'hyperdht'
import { encodeCertificate, signCertificate } from '../../core/certificate.ts'
import { sign } from '../../core/identity.ts'
import { issuerSecretOf, issuersOf, secretsOf } from '../../core/secrets.ts'
import { parseTeamKey } from '../../core/team-key.ts'
import { verifyWith } from '../../node/home/device-key.ts'
import { createLogger } from '../../node/home/logger.ts'
import { TeamStore } from '../../node/log/team-store.ts'
import { Mesh } from '../../node/mesh/net.ts'
import { Roster } from '../../node/mesh/roster.ts'
import { systemTimers } from '../../node/system-timers.ts'
import { VERSION } from '../../node/version.ts'
import { deviceOf, madeUpBlocks, random, storeOptions } from './team-parts.ts'

/**
 * Many teammates in one process, each with a log, a swarm and connections of its own, that follow nobody: what one node
 * has to do with is a whole team, and what is measured is that node.
 */

export interface CrowdTask {
  directory: string
  /** host:port. */
  bootstrap: string
  teamKey: string
  peers: number
  events: number
  perBlock: number
}

const task = JSON.parse(process.argv[2]!) as CrowdTask
const { teamId, secret: write } = parseTeamKey(task.teamKey)
const secrets = secretsOf(teamId, 'member', write)
const [host, port] = task.bootstrap.split(':')
const log = createLogger('error')
const starts: (() => Promise<void>)[] = []
for (let i = 0; i < task.peers; i++) {
  const seed = random(32)
  const noise = HyperDHT.keyPair(random(32))
  const { key, source, incarnation } = deviceOf(`cup-${i}`, seed, noise.publicKey)
  const directory = join(task.directory, `peer-${i}`)
  const store = await TeamStore.open(storeOptions(directory, { teamId, write }, { key, incarnation }))
  for await (const lists of madeUpBlocks(source, task.events, task.perBlock, i))
    await store.events!.append(lists)
  starts.push(async () => {
    const roster = new Roster({
      teamId,
      provisional: { epoch: 1, issuers: issuersOf(write, teamId, 1) },
      verify: verifyWith,
      now: Date.now,
    })
    const mesh = await Mesh.start({
      secrets,
      roster,
      self: { device: key.publicKey, noise: noise.publicKey, role: 'member', version: VERSION },
      noiseKeyPair: noise,
      store,
      bootstrap: [{ host: host!, port: Number(port) }],
      keep: () => Promise.resolve(),
      timers: systemTimers,
      random,
      log,
      onLearned: () => undefined,
      onChanged: () => undefined,
    })
    const issuer = issuerSecretOf(write, teamId, 1)
    const { publicKey: device } = key
    const certificate = {
      teamId,
      epoch: 1,
      device,
      noise: noise.publicKey,
      incarnation,
      issuedAt: Date.now(),
    }
    const signed = signCertificate(
      certificate,
      (message) => sign(message, issuer),
      (message) => key.sign(message),
    )
    mesh.core.publish('certificate', encodeCertificate(signed))
    mesh.core.setPresence('online')
  })
}
for (const start of starts) await start()
process.on('disconnect', () => process.exit())
process.send!('ready')
