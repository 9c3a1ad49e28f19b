import { printable } from './printable.ts'
import { isSource } from './shapes.ts'
import { isVersion } from './versions.ts'

/**
 * What the holder of a device says of itself to the team, in encrypted content only. What its log does not hold, or
 * holds in a wrong shape, is left out.
 */
export interface Profile {
  /** What teammates call the person: 1 to 40 characters. */
  name?: string
  /** The label of its events. */
  source?: string
  /** What the founder called the team: 1 to 40 characters. */
  teamName?: string
  /** Copies the team's logs into an archive. */
  isArchiver?: true
  /** Of its VibeTea. */
  version?: string
  /** How far its clock on the wall is ahead of UTC, in minutes: a multiple of 15 from -720 to 840. */
  utcOffsetMinutes?: number
}

/** The offsets from UTC that are in use: from -12:00 to +14:00, in quarters of an hour. */
const LEAST_UTC_OFFSET = -12 * 60
const MOST_UTC_OFFSET = 14 * 60
const UTC_OFFSET_STEP = 15

/** Whether a value can be an offset from UTC in minutes. */
function isUtcOffset(value: unknown): value is number {
  return (
    typeof value === 'number' &&
    value >= LEAST_UTC_OFFSET &&
    value <= MOST_UTC_OFFSET &&
    value % UTC_OFFSET_STEP === 0
  )
}

export const MAX_NAME_CHARACTERS = 40
/** What may be given for a name, for sentences that refuse something else. */
export const DISPLAY_NAME_FORM = `1 to ${MAX_NAME_CHARACTERS} printable characters`

/** Whether a value can be a person's or a team's name: 1 to 40 printable characters, no space at either end. */
export function isDisplayName(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    // Two units of UTF-16 at most make a character.
    value.length <= 2 * MAX_NAME_CHARACTERS &&
    Array.from(value).length <= MAX_NAME_CHARACTERS &&
    value !== '' &&
    value === value.trim() &&
    value === printable(value)
  )
}

/** A name as a person gave it, with single spaces; null for what cannot be one. */
export function parseDisplayName(text: string): string | null {
  const name = text.trim().replace(/\s+/gu, ' ')
  return isDisplayName(name) ? name : null
}

/** The name nearest to what a person typed; null where nothing of it can be shown. */
export function fitDisplayName(text: string): string | null {
  const fitted = Array.from(printable(text.replace(/\s+/gu, ' ')).trim())
    .slice(0, MAX_NAME_CHARACTERS)
    .join('')
    .trim()
  return isDisplayName(fitted) ? fitted : null
}

/** Takes of some values those that a profile has, each checked. `suffix` is how the device's source ends: `-k3f9xq`. */
export function parseProfile(valueOf: (key: keyof Profile) => unknown, suffix: string): Profile {
  const [name, source, teamName, isArchiver, version, utcOffsetMinutes] = [
    valueOf('name'),
    valueOf('source'),
    valueOf('teamName'),
    valueOf('isArchiver'),
    valueOf('version'),
    valueOf('utcOffsetMinutes'),
  ]
  return {
    ...(isDisplayName(name) && { name }),
    ...(isSource(source) && source.endsWith(suffix) && { source }),
    ...(isDisplayName(teamName) && { teamName }),
    ...(isArchiver === true && { isArchiver }),
    ...(isVersion(version) && { version }),
    ...(isUtcOffset(utcOffsetMinutes) && { utcOffsetMinutes }),
  }
}
