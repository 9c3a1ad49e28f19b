import type { Index } from './index/index.ts'
import type { Recorded } from './sources/recorder.ts'

/** What a source has recorded, as the index knows it. */
export function recordedIn({ known }: Index, source: string): Recorded {
  return {
    known: (ids) => known.known(source, ids),
    openSessions: () => known.openSessions(source),
    sessionEvents: (ids) => known.sessionEvents(source, ids),
  }
}
