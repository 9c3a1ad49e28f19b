import { VibeTeaError } from '../../core/errors.ts'
import type { NamedProject } from '../../core/project-key.ts'
import { isAmong, partsOf, projectKey } from '../../core/project-key.ts'
import { decided } from './decisions.ts'
import type { SharingState } from './sharing-file.ts'

/** What a person agreed to share on entering a team. */
export interface ShareConsent {
  /** Keys of projects: `name` or `name~tag`. */
  share: 'all' | 'none' | readonly string[]
  /** Those that are known. */
  projects: readonly NamedProject[]
  /** When it was agreed to, ms since 1970. */
  at: number
  /** From when on they are shared, ms since 1970: before `at` where what happened before is shared as well. */
  from?: number
}

/**
 * The decisions with that consent: what it names is shared, what is shared and not named becomes private, and `all` are
 * those that are known and not excluded. Throws a `VibeTeaError`: `unknown_project`, `invalid_project`,
 * `excluded_by_name`.
 */
export function withConsent(
  state: SharingState,
  { share, projects, at, from = at }: ShareConsent,
): SharingState {
  const isExcluded = (key: string) => state.decisions.get(key)?.sharing === 'excluded'
  const known = [...projects, ...[...state.decisions.keys()].map(partsOf)]
  const named = typeof share === 'string' ? [] : share.map(projectKey)
  const unknown = named.filter((key) => !known.some((project) => isAmong([key], project)))
  if (unknown.length > 0) throw unknownProject(unknown, projects)
  const chosen =
    share === 'all'
      ? projects
          .filter(({ project }) => !isExcluded(project))
          .map(keyOf)
          .filter((key) => !isExcluded(key))
      : named
  let next = state
  if (share !== 'all') {
    for (const [key, { sharing }] of state.decisions) {
      if (sharing === 'shared' && !isAmong(chosen, partsOf(key)))
        next = decided(next, key, { sharing: 'private', since: at })
    }
  }
  for (const key of chosen) next = decided(next, key, { sharing: 'shared', since: from }, at)
  return next
}

function keyOf({ project, projectTag }: NamedProject): string {
  return projectTag === undefined ? project : `${project}~${projectTag}`
}

function unknownProject(unknown: readonly string[], projects: readonly NamedProject[]): VibeTeaError {
  const names = [...new Set(projects.map(({ project }) => project))].sort()
  const tagged = projects.filter(({ project }, i) =>
    projects.some((other, j) => i !== j && other.project === project),
  )
  const all = [...names, ...tagged.map(keyOf).sort()]
  return new VibeTeaError(
    'unknown_project',
    `No project of yours is called ${unknown.join(' or ')}.`,
    all.length > 0
      ? `There ${all.length === 1 ? 'is' : 'are'}: ${all.join(', ')}.`
      : 'There are no sessions of the last days yet; use --share none, and "vibetea share <project>" later.',
  )
}
