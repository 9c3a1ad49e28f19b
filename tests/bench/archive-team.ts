import type { IngestBatch } from '../../core/archive.ts'
import { signedBytes } from '../../core/blocks.ts'
import type { Event } from '../../core/events.ts'
import { DeviceKey } from '../../node/home/device-key.ts'
import { base64, TestDevice, TestTeam } from '../stack/team.ts'
import { madeUpBlocks } from './team-parts.ts'

/** A team whose logs are made up and signed before anything is measured. */

/** Less than the archive keeps, so that nothing grows too old while it is measured. */
const DAYS = 29

/** A device's log with its batches, as a node reads them. */
export interface SignedLog {
  source: string
  /** base64. */
  certificate: string
  batches: { signature: Uint8Array; body: string; events: Event[] }[]
}

export class BenchArchiveTeam {
  readonly #team = new TestTeam()
  /** base64. */
  readonly record = this.#team.nextEpoch()
  #devices = 0

  /** What `VIBETEA_TEAM_ID` is. */
  get id(): string {
    return this.#team.idText
  }

  /** Logs of so many events each, of devices that have had none before. */
  async logs(count: number, events: number, perBlock: number): Promise<SignedLog[]> {
    const logs: SignedLog[] = []
    for (let i = 0; i < count; i++) logs.push(await this.#log(events, perBlock))
    return logs
  }

  async #log(events: number, perBlock: number): Promise<SignedLog> {
    const number = this.#devices++
    const device = new TestDevice(`cup-${number}`)
    const key = new DeviceKey(device.secret)
    const scope = { teamId: this.#team.id, incarnation: device.incarnation }
    const batches: SignedLog['batches'] = []
    for await (const lists of madeUpBlocks(device.source, events, perBlock, number, DAYS)) {
      for (const list of lists) {
        const body = JSON.stringify(list)
        const signature = key.sign(signedBytes(scope, batches.length, new TextEncoder().encode(body)))
        batches.push({ signature, body, events: list })
      }
    }
    return { source: device.source, certificate: this.#team.certificate(device), batches }
  }
}

/** Bodies of calls that hold all batches of the logs, 1000 events each, the logs in turn. */
export function callsOf(logs: readonly SignedLog[], record: string): string[] {
  const calls: string[] = []
  let batches: IngestBatch[] = []
  let events = 0
  const finish = () => {
    if (batches.length > 0)
      calls.push(JSON.stringify({ ...(calls.length === 0 && { records: [record] }), batches }))
    batches = []
    events = 0
  }
  const longest = Math.max(...logs.map((log) => log.batches.length))
  for (let seq = 0; seq < longest; seq++) {
    for (const { certificate, batches: all } of logs) {
      const batch = all[seq]
      if (!batch) continue
      if (events + batch.events.length > 1000) finish()
      batches.push({ certificate, seq, signature: base64(batch.signature), body: batch.body })
      events += batch.events.length
    }
  }
  finish()
  return calls
}

/** The rows that come of the logs, as JSON, 1000 a list. */
export function rowsOf(logs: readonly SignedLog[]): string[] {
  const rows = logs.flatMap(({ batches }) =>
    batches.flatMap(({ events }) =>
      events.map(({ id, source, timestamp, eventType, payload }) => ({
        id,
        source,
        timestamp,
        event_type: eventType,
        payload,
      })),
    ),
  )
  const lists: string[] = []
  for (let i = 0; i < rows.length; i += 1000) lists.push(JSON.stringify(rows.slice(i, i + 1000)))
  return lists
}
