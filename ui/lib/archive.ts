import type { ArchiveStatus } from '../../core/api.ts'
import type { Rejection } from '../../core/archive.ts'
import { plain } from './text.ts'
import { count, duration, plural } from './time.ts'

/** How it stands with the archive that this node feeds, in words. */

const MAX_TEXT = 400
const MAX_REASON = 40

const LEFT_OUT: Record<Rejection, string> = {
  too_old: 'too old',
  too_new: 'more than a day ahead of its clock',
  invalid_event: 'not an event that it knows',
  invalid_event_type: 'of a kind that it does not know',
  source_mismatch: 'under the name of another machine',
  unknown_source: 'of a machine that it does not know',
  invalid_signature: 'not signed by their machine',
  invalid_request: 'not readable',
}

/** What the archive left out, by why: `too old: 1,204`. A reason of another version is said as it is. */
export function leftOutWords(rejected: ArchiveStatus['rejected']): string[] {
  return Object.entries(rejected).map(([reason, times]) => {
    const words = Object.hasOwn(LEFT_OUT, reason) ? LEFT_OUT[reason as Rejection] : plain(reason, MAX_REASON)
    return `${words}: ${count(times)}`
  })
}

/** What it does, a sentence. */
export function archiveTitle({ state, behind, held }: ArchiveStatus): string {
  if (state === 'refused') return 'Nothing is archived until this is mended.'
  if (state === 'retrying') return 'The archive did not take the last call.'
  const blocks = plural(behind, 'block')
  if (state === 'sending') return behind ? `Sending: ${blocks} to go.` : 'Sending the last.'
  if (!behind) return 'Everything here is in the archive.'
  const are = behind === 1 ? 'is' : 'are'
  return held.length
    ? `${blocks} ${are} not in the archive: not all logs are taken.`
    : `${blocks} ${are} sent with the next call.`
}

/** Why calls are not taken and what to do; '' where they are. */
export const archiveProblem = ({ problem }: ArchiveStatus): string => plain(problem ?? '', MAX_TEXT)

/** When it is tried again, `now` in ms; '' where there is nothing to try again. */
export function retryWords({ state, retryAt }: ArchiveStatus, now: number): string {
  if (retryAt === null) return ''
  const wait = Date.parse(retryAt) - now
  // Rounded up: it is not tried before.
  const when = wait > 0 ? `Tried again in ${duration(wait + 999)}.` : 'Being tried again.'
  return state === 'refused' ? `${when} Nothing is lost: it goes on where it stopped.` : when
}
