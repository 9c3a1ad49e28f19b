import type { Event } from '../../core/events.ts'
import type { OwnLogOptions } from './own-log.ts'
import { OwnLog } from './own-log.ts'
import type { ReadBlock } from './private-log.ts'
import { TeamLog, type TeamLogOptions } from './team-log.ts'

/** This device's log of events in a team: each list of events is one block. */
export class OwnEventLog extends OwnLog<readonly Event[]> {
  /** As everyone reads it. */
  readonly reader: TeamLog

  constructor(options: OwnLogOptions<readonly Event[]> & TeamLogOptions) {
    super(options)
    this.reader = new TeamLog(this, options)
  }

  /** The blocks from `seq` on, at most `limit`. */
  read(seq: number, limit: number): Promise<ReadBlock[]> {
    return this.reader.read(seq, limit)
  }
}
