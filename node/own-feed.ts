import type { Event } from '../core/events.ts'
import { TeamFeed } from './log/team-feed.ts'
import type { TeamOptions } from './team.ts'
import type { TeamParts } from './team-parts.ts'

type FeedOptions = Pick<
  TeamOptions,
  'privateLog' | 'sharing' | 'state' | 'timers' | 'file' | 'notices' | 'onLost' | 'onError'
>

/** What copies the events that are shared to this device's log in the team; null where its role writes none. */
export function ownFeed(
  { store, feedState }: Pick<TeamParts, 'store' | 'feedState'>,
  { privateLog, sharing, state, timers, file, notices, onLost, onError }: FeedOptions,
): TeamFeed | null {
  if (!store.events) return null
  const isShared = ({ payload, timestamp }: Event) => {
    const at = Date.parse(timestamp)
    if (at < file.sharedFrom) return false
    return sharing.sharingAt(payload.project, payload.projectTag, at) === 'shared'
  }
  return new TeamFeed({
    privateLog,
    own: store.events,
    isShared,
    joinedAt: file.joinedAt,
    state: feedState,
    store: state.team.feed,
    timers,
    say: (level, sentence) => notices.say(level, sentence),
    onLost,
    onError,
  })
}
