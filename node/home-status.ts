import type { IgnoredStatus, NodeSettings } from '../core/api.ts'
import { compare } from '../core/buckets.ts'
import type { Ignorings } from './home/ignorings.ts'
import type { Settings } from './home/settings.ts'

/** What the home says of what is kept, shown and kept out, for its owner to read. */

export function settingsStatus({
  retentionDays,
  historyDays,
  basenameAllowlist,
}: Pick<Settings, keyof NodeSettings>): NodeSettings {
  return {
    retentionDays,
    historyDays,
    basenameAllowlist: basenameAllowlist && [...basenameAllowlist].sort(),
  }
}

export function ignoredStatus(ignored: Ignorings): IgnoredStatus[] {
  return [...ignored]
    .sort(([a], [b]) => compare(a, b))
    .flatMap(([directory, ignorings]) =>
      ignorings.map(({ patterns, from, to }) => ({
        directory,
        patterns: patterns.split('\n').filter(Boolean),
        from: iso(from),
        to: iso(to),
      })),
    )
}

const iso = (ms: number): string | null => (Number.isFinite(ms) ? new Date(ms).toISOString() : null)
