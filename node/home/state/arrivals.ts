import type { Database } from '../../sqlite.ts'

/** See `ArrivalStore` of the index. Times in ms since 1970. */
export interface ArrivalRange {
  number: number
  core: string
  seq: number
  blocks: number
  receivedAt: number
}

/** Blocks that follow each other within the same second are one range. */
const isSameSecond = (a: number, b: number): boolean => Math.floor(a / 1000) === Math.floor(b / 1000)

/** Under this name the number of the next block is kept where the last range has been forgotten. */
const NEXT = 'nextArrival'

/** When and in which order blocks came. */
export class Arrivals {
  /** 16 random characters, made with the database. */
  readonly orderId: string
  readonly #database: Database
  readonly #coreIds: Map<string, number>
  /** The range that the next blocks may extend. */
  #last: ArrivalRange | undefined
  /** The number of the next block. */
  #next: number
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(
    database: Database,
    orderId: string,
    coreIds: Map<string, number>,
    last: ArrivalRange | undefined,
    next: number,
  ) {
    this.#database = database
    this.orderId = orderId
    this.#coreIds = coreIds
    this.#last = last
    this.#next = next
  }

  static async load(database: Database, orderId: string): Promise<Arrivals> {
    const cores = await database.all<{ id: number; core: string }>('SELECT id, core FROM cores')
    const last = await database.get<ArrivalRange>(`${SELECT} ORDER BY number DESC LIMIT 1`)
    const kept = await database.get<{ value: string }>('SELECT value FROM kept WHERE key = ?', [NEXT])
    const end = last ? last.number + last.blocks : 0
    const next = Math.max(end, Number(kept?.value ?? 0))
    const coreIds = new Map(cores.map(({ id, core }) => [core, id]))
    return new Arrivals(database, orderId, coreIds, end === next ? last : undefined, next)
  }

  /** All ranges, in order. */
  all(): Promise<ArrivalRange[]> {
    return this.#database.all<ArrivalRange>(`${SELECT} ORDER BY number`)
  }

  /**
   * Notes that `blocks` blocks of a log came, from `seq` on. Answers the range that they are in, which begins before
   * them where they follow the last ones within the same second; their number is `number + (seq - range.seq)`.
   */
  note(core: string, seq: number, blocks: number, receivedAt: number): Promise<ArrivalRange> {
    const noted = this.#turn.then(async () => {
      const last = this.#last
      const follows = last?.core === core && last.seq + last.blocks === seq
      const range =
        follows && isSameSecond(last.receivedAt, receivedAt)
          ? { ...last, blocks: last.blocks + blocks }
          : { number: this.#next, core, seq, blocks, receivedAt }
      await this.#database.run(
        `INSERT INTO arrivals (number, core, seq, blocks, received_at) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (number) DO UPDATE SET blocks = excluded.blocks`,
        [range.number, await this.#coreId(core), range.seq, range.blocks, range.receivedAt],
      )
      this.#last = range
      this.#next = range.number + range.blocks
      return range
    })
    this.#turn = noted.catch(() => undefined) // the caller is told; the next note has its own turn
    return noted
  }

  /**
   * Forgets when the blocks of some logs came. Their numbers are not given again, so that places in the order mean what
   * they meant. What stood in those logs must be out of the index by then, which otherwise is ahead and built anew.
   */
  forgetLogs(cores: readonly string[]): Promise<void> {
    const forgotten = this.#turn.then(async () => {
      const ids = cores.flatMap((core) => this.#coreIds.get(core) ?? [])
      await this.#database.transaction(async () => {
        await this.#database.run(
          'INSERT INTO kept (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
          [NEXT, String(this.#next)],
        )
        for (const id of ids) {
          await this.#database.run('DELETE FROM arrivals WHERE core = ?', [id])
          await this.#database.run('DELETE FROM cores WHERE id = ?', [id])
        }
      })
      for (const core of cores) this.#coreIds.delete(core)
      if (this.#last && cores.includes(this.#last.core)) this.#last = undefined
    })
    this.#turn = forgotten.catch(() => undefined) // as above
    return forgotten
  }

  async #coreId(core: string): Promise<number> {
    const known = this.#coreIds.get(core)
    if (known !== undefined) return known
    const row = await this.#database.get<{ id: number }>('INSERT INTO cores (core) VALUES (?) RETURNING id', [
      core,
    ])
    this.#coreIds.set(core, row!.id)
    return row!.id
  }
}

const SELECT = `SELECT number, cores.core AS core, seq, blocks, received_at AS receivedAt
  FROM arrivals JOIN cores ON cores.id = arrivals.core`
