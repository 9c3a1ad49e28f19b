import fc from 'fast-check'
import { WRONG } from '../acceptance/soundness.ts'
import type { Base } from './bases.ts'
import { placesOf } from './places.ts'

/** What is done to a session file. */
export interface Damage {
  /** Which of a format's files, and which of its units: the first, and so many from `from` on. */
  which: number
  from: number
  count: number
  units: { how: 'as they are' } | { how: 'in another order' | 'doubled'; by: number }
  records: { how: 'as they are' } | { how: 'wrong' | 'deep' | 'junk between'; where: number; value: number }
  bytes: { how: 'as they are' } | { how: 'cut' | 'noise' | 'UTF-16' | 'nothing' | 'binary'; at: number; noise: Uint8Array }
} // prettier-ignore

const nat = fc.nat(1_000_000)
const NONE = fc.constant({ how: 'as they are' } as const)

export const DAMAGE: fc.Arbitrary<Damage> = fc.record({
  which: nat,
  from: nat,
  count: fc.integer({ min: 1, max: 10 }),
  units: fc.oneof(
    { weight: 3, arbitrary: NONE },
    { weight: 1, arbitrary: fc.record({ how: fc.constantFrom('in another order', 'doubled'), by: nat }) },
  ),
  records: fc.oneof(
    { weight: 2, arbitrary: NONE },
    { weight: 4, arbitrary: fc.record({ how: fc.constant('wrong' as const), where: nat, value: nat }) },
    { weight: 2, arbitrary: fc.record({ how: fc.constantFrom('deep', 'junk between', 'junk between'), where: nat, value: nat }) },
  ),
  bytes: fc.oneof(
    { weight: 3, arbitrary: NONE },
    {
      weight: 2,
      arbitrary: fc.record({
        how: fc.constantFrom('cut', 'cut', 'cut', 'noise', 'noise', 'noise', 'UTF-16', 'nothing', 'binary'),
        at: nat,
        noise: fc.uint8Array({ maxLength: 30 }),
      }),
    },
  ),
}) // prettier-ignore

/** Lines that are no record of anybody. */
const JUNK = ['', '{}', '1', '[]', 'null', '{"type":', '\0\0\0', '\ufeff', '{"type":"teapot"}', '"', '[[[[[['].map((text) =>
  Buffer.from(text),
) // prettier-ignore

/** The units of a file that a damage takes, undamaged. */
export function unitsOf({ units }: Base, { from, count }: Damage): unknown[] {
  const first = 1 + (from % units.length)
  return [...units.slice(0, 1), ...units.slice(first, first + count)]
}

/** The file with only such units, and none of the damage. */
export function undamaged(base: Base, damage: Damage): Buffer {
  return base.bytesOf(base.recordsOf(unitsOf(base, damage)))
}

/** The damaged file. */
export function damaged(base: Base, damage: Damage): Buffer {
  const records = base.recordsOf(damagedUnits(unitsOf(base, damage), damage.units))
  return damagedBytes(base.bytesOf(damagedRecords(records, damage.records, base)), damage.bytes)
}

function damagedUnits(units: unknown[], damage: Damage['units']): unknown[] {
  if (damage.how === 'doubled')
    return damage.by % 2 === 0 ? units.flatMap((unit) => [unit, unit]) : [...units, ...units]
  if (damage.how !== 'in another order') return units
  const rest = [...units]
  return units.map((_, i) => rest.splice((damage.by + i * 7) % rest.length, 1)[0])
}

function damagedRecords(records: unknown[], damage: Damage['records'], base: Base): unknown[] {
  if (damage.how === 'as they are') return records
  if (damage.how === 'junk between') {
    // Between the brackets of a document nothing else can stand.
    if (base.recordsOf([]).length > 0) return records
    return records.flatMap((record, i) => [record, JUNK[(damage.value + i) % JUNK.length]])
  }
  const at = damage.where % records.length
  const record = Buffer.isBuffer(records[at]) ? records[at] : structuredClone(records[at])
  const places = placesOf(record)
  const value = damage.how === 'deep' ? deep(1 + (damage.value % 900)) : WRONG[damage.value % WRONG.length]
  // Everything that is no text, number or truth value is a place too, as what holds one.
  if (places.length > 0) places[(damage.where >> 3) % places.length]!.set(value)
  return records.map((each, i) => (i === at ? record : each))
}

function deep(levels: number): unknown {
  let value: unknown = 'tea'
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { content: value }
  return value
}

function damagedBytes(bytes: Buffer, damage: Damage['bytes']): Buffer {
  switch (damage.how) {
    case 'as they are':
      return bytes
    case 'cut':
      return bytes.subarray(0, damage.at % (bytes.length + 1))
    case 'noise': {
      const at = damage.at % (bytes.length + 1)
      return Buffer.concat([bytes.subarray(0, at), damage.noise, bytes.subarray(at + (damage.at % 40))])
    }
    case 'UTF-16':
      return Buffer.from(bytes.toString(), 'utf16le')
    case 'nothing':
      return Buffer.alloc(0)
    case 'binary':
      return Buffer.concat(
        Array.from({ length: damage.at % 100 }, () => [damage.noise, Buffer.from([damage.at % 256])]).flat(),
      )
  }
}
