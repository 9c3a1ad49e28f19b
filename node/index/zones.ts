import type { LocalHour } from '../../core/buckets.ts'
import { localHours } from '../../core/buckets.ts'

export type ToLocal = (ms: number) => LocalHour

/** Zones that have been asked for: what is known of their hours is dear to find out. */
const zones = new Map<string, ToLocal>()
const MAX_ZONES = 8

/** Tells the local day and hour of times in an IANA zone. Throws a RangeError for a zone that does not exist. */
export function zoneOf(timeZone: string): ToLocal {
  const known = zones.get(timeZone)
  if (known) return known
  const toLocal = localHours(timeZone)
  if (zones.size >= MAX_ZONES) zones.clear()
  zones.set(timeZone, toLocal)
  return toLocal
}
