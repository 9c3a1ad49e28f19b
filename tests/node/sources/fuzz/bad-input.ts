import fc from 'fast-check'
import type { Event } from '../../../../core/events.ts'
import { weight } from '../../../../core/events.ts'
import type { Counted } from '../../../../core/totals.ts'
import { count, emptyTotals } from '../../../../core/totals.ts'
import type { Adapter } from '../../../../node/sources/port.ts'
import type { Sample } from '../acceptance/reading.ts'
import { linesOf } from '../acceptance/reading.ts'
import { recordedOf } from '../acceptance/recording.ts'
import { tellsOfSession, unsound } from '../acceptance/soundness.ts'
import type { Base } from './bases.ts'
import { eventsOf } from './bases.ts'
import { DAMAGE, damaged, undamaged } from './damage.ts'

/** What the samples of a format come to, each id once. */
export interface Sums extends Counted {
  events: number
  /** The last four digits of their ids, sorted. */
  sessions: string[]
}

/**
 * What is wrong with how an adapter reads damaged files of a format: nothing with one that is right. `endOnFailure` is
 * for those that are not: the cases are the same each time, and the first that fails is not made smaller.
 */
export function complaints(
  adapter: Adapter,
  bases: readonly Base[],
  numRuns: number,
  endOnFailure = false,
): string[] {
  const property = fc.property(DAMAGE, (damage) => {
    const base = bases[damage.which % bases.length]!
    const read = (bytes: Buffer) => eventsOf(adapter, base.form, { path: base.path, bytes })
    const file = damaged(base, damage)
    const events = read(file)
    for (const event of events.values()) {
      const wrong = unsound(event)
      if (wrong !== null) throw new Error(wrong)
      if (tellsOfSession(event)) throw new Error(`text of the session: ${JSON.stringify(event)}`)
    }
    expectSame(read(file), events, 'read twice')
    const isOnly = (what: 'units' | 'records' | 'bytes') =>
      (['units', 'records', 'bytes'] as const).every((each) => (each === what) !== (damage[each].how === 'as they are'))
    if (isOnly('records') && damage.records.how === 'junk between') {
      expectSame(read(undamaged(base, damage)), events, 'with junk between its records')
    }
    if (isOnly('bytes') && damage.bytes.how === 'cut') {
      expectWithin(read(undamaged(base, damage)), events)
    }
  }) // prettier-ignore
  const details = fc.check(property, { numRuns, endOnFailure, ...(endOnFailure && { seed: 1 }) })
  if (!details.failed) return []
  const { seed, counterexamplePath, counterexample, errorInstance } = details
  const where = JSON.stringify({ seed, path: counterexamplePath, damage: counterexample })
  return [`${errorInstance instanceof Error ? errorInstance.message : 'failed'} ${where}`]
}

/** What the samples come to. */
export function sumsOf(adapter: Adapter, bases: readonly Base[]): Sums {
  const all = new Map<string, Event>()
  for (const base of bases) {
    for (const [id, event] of eventsOf(adapter, base.form, sampleOf(base))) {
      const before = all.get(id)
      if (!before || weight(event) > weight(before)) all.set(id, event)
    }
  }
  const sum = emptyTotals()
  for (const event of all.values()) count(sum, event)
  const sessions = new Set([...all.values()].map(({ payload }) => payload.sessionId.slice(-4)))
  return { ...sum, events: all.size, sessions: [...sessions].sort() }
}

function sampleOf({ path, units, recordsOf, bytesOf }: Base): Sample {
  return { path, bytes: bytesOf(recordsOf(units)) }
}

/** Where a file of lines gives something else as its reader is killed, or hears nothing more for a while, at a line. */
export async function complaintsAboutKills(adapter: Adapter, bases: readonly Base[]): Promise<string[]> {
  const wrong: string[] = []
  for (const base of bases.filter(({ form }) => form === 'lines')) {
    const sample = sampleOf(base)
    const whole = await recordedOf(adapter, sample, [])
    const stops = [...linesOf(sample.bytes).map(({ start }) => start), sample.bytes.length]
    for (const bytes of stops) {
      const cut = { ...sample, bytes: sample.bytes.subarray(0, bytes) }
      if (
        !isSame(
          await recordedOf(adapter, cut, [{ bytes, then: 'is killed' }]),
          await recordedOf(adapter, cut, []),
        )
      ) {
        wrong.push(
          `${base.path} gives something else where its reader is killed and nothing follows ${bytes}`,
        )
      }
      for (const then of ['is killed', 'falls silent'] as const) {
        if (!isSame(await recordedOf(adapter, sample, [{ bytes, then }]), whole)) {
          wrong.push(`${base.path} gives something else where its reader ${then} at ${bytes}`)
        }
      }
    }
  }
  return wrong
}

function isSame(a: ReadonlyMap<string, Event>, b: ReadonlyMap<string, Event>): boolean {
  return (
    a.size === b.size && [...a].every(([id, event]) => JSON.stringify(event) === JSON.stringify(b.get(id)))
  )
}

function expectSame(a: ReadonlyMap<string, Event>, b: ReadonlyMap<string, Event>, how: string): void {
  if (!isSame(a, b)) throw new Error(`gives something else ${how}`)
}

/** What the beginning of a file says, all of it says too; but what waits there may go on. */
function expectWithin(whole: ReadonlyMap<string, Event>, beginning: ReadonlyMap<string, Event>): void {
  for (const [id, event] of beginning) {
    if ('kind' in event.payload && event.payload.kind === 'waiting') continue
    const later = whole.get(id)
    if (!later) throw new Error(`says of its beginning alone ${JSON.stringify(event)}`)
    if (weight(later) < weight(event))
      throw new Error(`counts less of the whole than of its beginning: ${id}`)
  }
}
