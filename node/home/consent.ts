import { isAmong, partsOf, projectKey } from '../../core/project-key.ts'
import { decided } from './decisions.ts'
import type { SharingState } from './sharing-file.ts'

/** What a person agreed to share on entering a team. */
export interface ShareConsent {
  /** Keys of projects, `name` or `name~tag`, whether they have been seen or not; `all`: new ones too. */
  share: 'all' | 'none' | readonly string[]
  /** When it was agreed to, ms since 1970. */
  at: number
  /** From when on they are shared, ms since 1970: before `at` where what happened before is shared as well. */
  from?: number
}

/**
 * The decisions with that consent: what it names is shared, and what was shared and is not named becomes private. What
 * is excluded stays so unless it is named. Throws a `VibeTeaError`: `invalid_project`, `excluded_by_name`.
 */
export function withConsent(state: SharingState, { share, at, from = at }: ShareConsent): SharingState {
  const isAll = share === 'all'
  const named = typeof share === 'string' ? [] : share.map(projectKey)
  let next: SharingState = { ...state, newProjects: isAll ? { sharing: 'shared', since: from } : null }
  for (const [key, { sharing }] of state.decisions) {
    if (sharing === 'excluded' || isAmong(named, partsOf(key))) continue
    const decision = isAll
      ? { sharing: 'shared' as const, since: from }
      : { sharing: 'private' as const, since: at }
    next = decided(next, key, decision, at)
  }
  for (const key of named) next = decided(next, key, { sharing: 'shared', since: from }, at)
  return next
}
