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
 * The decisions with that consent: what it names is shared, and what was shared and is not named is as if nothing had
 * been decided. What is excluded or private stays so unless it is named, also where all are shared. Throws a
 * `VibeTeaError`: `invalid_project`, `excluded_by_name`.
 */
export function withConsent(state: SharingState, { share, at, from = at }: ShareConsent): SharingState {
  const isAll = share === 'all'
  const named = typeof share === 'string' ? [] : share.map(projectKey)
  const kept = [...state.decisions].filter(
    ([key, { sharing }]) => sharing !== 'shared' || isAmong(named, partsOf(key)),
  )
  let next: SharingState = {
    ...state,
    decisions: new Map(kept),
    newProjects: isAll ? { sharing: 'shared', since: from } : null,
  }
  for (const key of named) next = decided(next, key, { sharing: 'shared', since: from }, at)
  return next
}
