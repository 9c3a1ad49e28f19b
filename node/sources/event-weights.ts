/**
 * The weight of each event by its id, in 24 bytes a slot: a `Map` of strings takes six times as much, and a file of
 * 1 GB holds a quarter of a million events. An id is 20 letters and digits, each ten of them one number below 2^53.
 */
export class EventWeights {
  #size = 0
  /** Two numbers a slot; `#weights` says which are taken. */
  #ids = new Float64Array(2 * FIRST_CAPACITY)
  #weights = new Float64Array(FIRST_CAPACITY).fill(FREE)

  /** Sets an event's weight where it is new or weighs more than before; whether it does. */
  raise(id: string, weight: number): boolean {
    const slot = this.#slotOf(halfOf(id, 4), halfOf(id, 14))
    const before = this.#weights[slot]!
    if (before >= weight) return false
    this.#weights[slot] = weight
    if (before === FREE && ++this.#size > MAX_LOAD * this.#weights.length) this.#grow()
    return true
  }

  has(id: string): boolean {
    return this.of(id) !== FREE
  }

  /** The greatest weight of an event so far. */
  of(id: string): number {
    return this.#weights[this.#slotOf(halfOf(id, 4), halfOf(id, 14))]!
  }

  /** Where an id is, or would be: ids are hashes, so their bits choose the slot. */
  #slotOf(high: number, low: number): number {
    const mask = this.#weights.length - 1
    let slot = low % (mask + 1)
    while (this.#weights[slot] !== FREE) {
      if (this.#ids[2 * slot] === high && this.#ids[2 * slot + 1] === low) return slot
      slot = (slot + 1) & mask
    }
    this.#ids[2 * slot] = high
    this.#ids[2 * slot + 1] = low
    return slot
  }

  #grow(): void {
    const [ids, weights] = [this.#ids, this.#weights]
    this.#ids = new Float64Array(2 * ids.length)
    this.#weights = new Float64Array(2 * weights.length).fill(FREE)
    weights.forEach((weight, i) => {
      if (weight !== FREE) this.#weights[this.#slotOf(ids[2 * i]!, ids[2 * i + 1]!)] = weight
    })
  }
}

/** No weight is negative. */
const FREE = -1
/** A power of two. */
const FIRST_CAPACITY = 4096
const MAX_LOAD = 0.6

/** Ten characters of an id, base 36, as a number: 36^10 is below 2^53. */
function halfOf(id: string, from: number): number {
  let half = 0
  for (let i = from; i < from + 10; i++) {
    const code = id.charCodeAt(i)
    half = half * 36 + (code < 0x61 ? code - 0x30 : code - 0x57)
  }
  return half
}
