/** What the archiver needs of a node: logs and their certificates in, and a place for its cursors. `node` gives them. */

/** A block of a log that was checked as the index checks it. */
export interface SignedBlock {
  seq: number
  /** null where the block holds no batch that counts: it is passed over. */
  batch: SignedBatch | null
}

/** What a device signed for that place in its log. */
export interface SignedBatch {
  /** 64 bytes. */
  signature: Uint8Array
  /** The signed JSON, as text. */
  body: string
  /** All values in it, those that are no valid events too: the archive counts them. */
  events: number
}

/** A device's log of events. */
export interface ArchivedLog {
  /** z32 of the log's key, 52 characters. */
  readonly core: string
  /** The label of its events, for people. */
  readonly source: string
  /** Blocks before this have been cleared. */
  readonly floor: number
  /** The end of the blocks that are here without a gap, from the floor. */
  readonly length: number
  /** The blocks from `seq` on, at most `limit`, as far as they are here and can be opened now. */
  readSigned(seq: number, limit: number): Promise<SignedBlock[]>
  /** Called when more of it can be read. Returns how to stop. */
  onAppend(listener: () => void): () => void
}

/** The team whose logs are archived. */
export interface ArchivedTeam {
  /** The logs of events that are open, of all devices. */
  logs(): readonly ArchivedLog[]
  /** The certificate that admits a log, encoded; null while none is known. A later epoch brings another. */
  certificateOf(log: ArchivedLog): Uint8Array | null
  /** The team's records, encoded, each after those that it needs. */
  records(): readonly Uint8Array[]
  /** Called when there are other logs, certificates or records. Returns how to stop. */
  onChange(listener: () => void): () => void
}

/** How far each log has been archived, in one archive: blocks before its cursor are there, or were left out for good. */
export interface ArchiveCursors {
  /** By the log's `core`. */
  load(): Promise<ReadonlyMap<string, number>>
  /** Keeps all of them or none. */
  save(cursors: ReadonlyMap<string, number>): Promise<void>
}
