/** How times and numbers are written. Zones and locales come from the browser; `now` always comes from outside. */

/** Made when first needed: each takes milliseconds, and the first row waits for none but its own. */
function lazy<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}

const hourMinute = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
const dates = (options: Intl.DateTimeFormatOptions, locale?: string) =>
  lazy(() => new Intl.DateTimeFormat(locale, options))
const numbers = (options: Intl.NumberFormatOptions) => lazy(() => new Intl.NumberFormat('en', options))

const timeOfDayFormat = dates({ ...hourMinute, second: '2-digit' })
const hourMinuteFormat = dates(hourMinute)
const dayMonthFormat = dates({ day: 'numeric', month: 'short' })
const fullFormat = dates({ dateStyle: 'medium', timeStyle: 'medium' })
const dayNameFormat = dates({ weekday: 'short', timeZone: 'UTC' }, 'en')
const longDateFormat = dates({ day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' }, 'en-GB')
const wholeFormat = numbers({})
const compactFormat = numbers({ notation: 'compact', maximumFractionDigits: 1 })

/** `06:15:01` of this browser's zone. */
export const clockTime = (ms: number): string => timeOfDayFormat().format(ms)

/** `06:15`. */
export const shortTime = (ms: number): string => hourMinuteFormat().format(ms)

/** Day, date and time in full, for tooltips. */
export const fullTime = (ms: number): string => fullFormat().format(ms)

/** `14 Nov`. */
export const shortDate = (ms: number): string => dayMonthFormat().format(ms)

/** `24 Oct 2026` of a `YYYY-MM-DD`. */
export const longDate = (date: string): string => longDateFormat().format(Date.parse(`${date}T00:00:00Z`))

/** `14 Fri` of a `YYYY-MM-DD`. */
export function dayLabel(date: string): string {
  const ms = Date.parse(`${date}T00:00:00Z`)
  return `${new Date(ms).getUTCDate()} ${dayNameFormat().format(ms)}`
}

/** `07`. */
export const twoDigits = (value: number): string => String(value).padStart(2, '0')

/** `7,146`. */
export const count = (value: number): string => wholeFormat().format(value)

/** `715K`. */
export const short = (value: number): string => compactFormat().format(value)

/** `1 event`, `2 events`. */
export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`

/** `12 s`, `14 min`, `2 h 5 min`, `3 days`: whole units, rounded down; never negative. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`
  return plural(Math.floor(hours / 24), 'day')
}

/** `340 ms`, `2.4 s`, `14 s`, `3 min`: how long something took. */
export function took(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : duration(ms)
}
