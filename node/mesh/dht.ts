import { lookup } from 'node:dns/promises'
import { isIPv4 } from 'node:net'
import HyperDHT from 'hyperdht'
import type { Timers } from '../../core/timers.ts'
import type { Endpoint } from './reach.ts'

/**
 * The first port tried for the DHT; others follow where it is taken. Not the DHT's own, 49737, so that this one is free
 * for `vibetea bootstrap` on the same machine.
 */
const FIRST_PORT = 49738
/** Loopback, private (RFC 1918), shared (RFC 6598) and link-local addresses. */
const LOCAL = /^(127|10|192\.168|172\.(1[6-9]|2\d|3[01])|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])|169\.254)\./
const LOOPBACK = /^127\./
const LOOKUP_MS = 1000

/**
 * A node of the DHT. `bootstrap` null is the public one, with all that gets through routers. Beside a bootstrap node on
 * this machine or network there is no router in between, and a DHT of one node is too small to find that out: such nodes
 * take each other for unreachable, and half of the connections stay half open. So they say that they are not.
 */
export async function openDht(
  bootstrap: readonly Endpoint[] | null,
  ownAddresses: readonly string[],
  timers: Timers,
): Promise<HyperDHT> {
  if (!bootstrap) return new HyperDHT({ port: FIRST_PORT })
  const hosts = await Promise.all(bootstrap.map(({ host }) => resolve(host, timers)))
  const isLocal = hosts.every((host) => LOCAL.test(host) || ownAddresses.includes(host))
  return new HyperDHT({
    bootstrap: [...bootstrap],
    port: FIRST_PORT,
    ...(isLocal && { firewalled: false }),
    // Whoever reaches such a node is on this machine: nobody else needs to reach us.
    ...(hosts.every((host) => LOOPBACK.test(host)) && { host: '127.0.0.1' }),
  })
}

/** The IPv4 address of a name; the name itself where that is not known within a second. */
async function resolve(host: string, timers: Timers): Promise<string> {
  if (isIPv4(host)) return host
  const found = lookup(host, { family: 4 }).then(
    ({ address }) => address,
    () => host, // The DHT asks again, and the reach tells.
  )
  const late = new Promise<string>((done) => timers.after(LOOKUP_MS, () => done(host)))
  return Promise.race([found, late])
}
