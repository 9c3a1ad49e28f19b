import type { TeamStatus } from '../../core/api.ts'

export interface Endpoint {
  host: string
  port: number
}

/** What is known of the way to the teammates. */
export interface ReachFacts {
  /** Teammates that have passed the gate and are connected. */
  connected: number
  /** Other devices that the team is known to have. */
  known: number
  /** Connections since the start that ended at the gate, as the peer had another key. */
  strangers: number
  /** Whether the machine has an address but loopback. */
  hasNetwork: boolean
  /** null: the public DHT. */
  bootstrap: readonly Endpoint[] | null
  /** Nodes of the DHT that answer. */
  dhtNodes: number
  /** Answers that came from the DHT since the start, from nodes or not. */
  dhtAnswers: number
  /** How long it has been looked for them. */
  searchingMs: number
}

/** A DHT that has not answered for so long does not. */
const PATIENCE_MS = 8000
const VARIABLE = 'VIBETEA_BOOTSTRAP'

/** Whether a teammate can be reached, and where none can, why and what to do: sentences. */
export function describeReach(facts: ReachFacts): TeamStatus['reach'] {
  const { connected, known, strangers, hasNetwork, bootstrap, dhtNodes, dhtAnswers, searchingMs } = facts
  if (connected > 0) {
    return { state: 'connected', message: `Connected to ${count(connected, 'teammate', 'teammates')}.` }
  }
  const isLoopback = bootstrap?.every(({ host }) => /^(localhost|127\.)/.test(host)) ?? false
  if (!hasNetwork && !isLoopback) {
    return unreachable(
      'This machine has no network connection. Teammates are looked for as soon as there is one.',
    )
  }
  if (dhtNodes === 0) {
    if (searchingMs < PATIENCE_MS) return searching('Looking for teammates.')
    const place = bootstrap && bootstrap.map(({ host, port }) => `${host}:${port}`).join(', ')
    if (place === null) {
      return unreachable(
        'The public DHT does not answer: the network may block UDP. Try another network, or name a node of your own ' +
          `in ${VARIABLE} (vibetea bootstrap).`,
      )
    }
    if (dhtAnswers > 0) {
      return unreachable(
        `${place} (${VARIABLE}) answers, but not as the node of that address. Use the address that vibetea bootstrap ` +
          'printed there.',
      )
    }
    return unreachable(
      `${place} (${VARIABLE}) does not answer. Check that vibetea bootstrap runs there and that no firewall blocks ` +
        'its UDP port.',
    )
  }
  if (strangers > 0) {
    return searching(
      'Nobody with this team key has been found, only somebody with another one. Compare the keys, if that should be ' +
        'a teammate.',
    )
  }
  if (known > 0) {
    return searching(
      `Of ${count(known, 'other device', 'other devices')} of the team none is found; they may be offline.`,
    )
  }
  return searching('No teammate has been found yet. They may be offline, or nobody else has joined.')
}

function searching(message: string): TeamStatus['reach'] {
  return { state: 'searching', message }
}

function unreachable(message: string): TeamStatus['reach'] {
  return { state: 'unreachable', message }
}

function count(n: number, one: string, many: string): string {
  return n === 1 ? `one ${one}` : `${n} ${many}`
}
