/** Versions of VibeTea, as the devices of a team state them. */

/** At most 32 characters: `1.12.0`, `1.0.0-beta.1`. */
const SHAPE = /^[0-9A-Za-z.+-]{1,32}$/

/** Whether a value can be a version. */
export function isVersion(value: unknown): value is string {
  return typeof value === 'string' && SHAPE.test(value)
}

/** Whether a version comes after another by its three numbers; what has none is never newer. */
export function isNewer(version: string, than: string): boolean {
  const [a, b] = [numbersOf(version), numbersOf(than)]
  const at = a && b ? a.findIndex((part, i) => part !== b[i]) : -1
  return at >= 0 && a![at]! > b![at]!
}

/** The newest of some versions, where it comes after `own`; else null. */
export function newestAfter(own: string, versions: readonly (string | null)[]): string | null {
  return versions.reduce<string | null>(
    (newest, version) => (version !== null && isNewer(version, newest ?? own) ? version : newest),
    null,
  )
}

function numbersOf(version: string): number[] | null {
  const match = isVersion(version) ? /^(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?!\d)/.exec(version) : null
  return match && match.slice(1).map(Number)
}
