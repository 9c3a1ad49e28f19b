import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv4 } from 'node:net'
import { networkInterfaces } from 'node:os'
import HyperDHT from 'hyperdht'
import { VibeTeaError } from '../../core/errors.ts'
import type { Context } from './command.ts'

const DEFAULT_PORT = 49737
const ALL = '0.0.0.0'
const LOOPBACK = '127.0.0.1'

/**
 * `vibetea bootstrap`: runs a DHT node that others begin with, for networks without internet, until SIGINT or SIGTERM.
 * A node of the DHT is known by its address and answers to no other: on 0.0.0.0 each address of this machine has its
 * own node, and teammates find each other only by the same one. `host` may also be an address that this machine does
 * not have itself, as behind a router that forwards the port. Prints one line for each address. Throws a
 * `VibeTeaError`: `invalid_port`, `invalid_host`, `port_in_use`, `port_not_allowed`.
 */
export async function bootstrap(
  context: Pick<Context, 'out' | 'err' | 'signal'>,
  flags: { port?: string; host?: string },
): Promise<number> {
  const port = parsePort(flags.port ?? String(DEFAULT_PORT))
  const host = parseHost(flags.host ?? ALL)
  const own = ownIPv4()
  const addresses = host === ALL ? own : [host]
  const bound = addresses.map((address) => (own.includes(address) ? address : ALL))
  for (const address of bound) await checkFree(port, address)
  const nodes = addresses.map((address, i) => HyperDHT.bootstrapper(port, address, { host: bound[i] }))
  try {
    await Promise.all(nodes.map((node) => node.fullyBootstrapped()))
    const [first, ...others] = addresses.map((address) => `VIBETEA_BOOTSTRAP=${address}:${port}`)
    context.err('A bootstrap node runs (Ctrl-C ends it). Every node of the team sets the same:')
    context.out(first!)
    if (others.length > 0) context.err('or, where all of them reach this machine by another address:')
    for (const line of others) context.out(line)
    if (!context.signal.aborted) await once(context.signal, 'abort')
  } finally {
    await Promise.all(nodes.map((node) => node.destroy({ force: true })))
  }
  return 0
}

/** This machine's IPv4 addresses, loopback last. */
function ownIPv4(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  const outer = addresses.filter(
    ({ family, internal, address }) => family === 'IPv4' && !internal && !address.startsWith('169.254.'),
  )
  return [...outer.map(({ address }) => address), LOOPBACK]
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port >= 1 && port <= 65_535) return port
  throw new VibeTeaError('invalid_port', `--port is '${text}', and must be a number from 1 to 65535.`)
}

function parseHost(text: string): string {
  const host = text === 'localhost' ? LOOPBACK : text
  if (isIPv4(host)) return host
  throw new VibeTeaError(
    'invalid_host',
    `--host is '${text}', and must be an IPv4 address.`,
    'Give the address by which teammates reach this machine, or 0.0.0.0 for all that it has.',
  )
}

/** Before a node is made of it: one that cannot bind leaves sockets behind. */
async function checkFree(port: number, host: string): Promise<void> {
  const socket = createSocket('udp4')
  try {
    const listening = once(socket, 'listening')
    socket.bind({ port, address: host, exclusive: true })
    await listening
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') {
      throw new VibeTeaError(
        'port_in_use',
        `UDP port ${port} is in use on ${host}.`,
        'Another bootstrap node may run already; if not, choose another with --port.',
      )
    }
    if (code === 'EACCES') {
      throw new VibeTeaError(
        'port_not_allowed',
        `UDP port ${port} may not be used.`,
        'Choose one above 1023.',
      )
    }
    throw error
  } finally {
    socket.close()
  }
}
