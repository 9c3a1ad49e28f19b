import { VibeTeaError } from './errors.ts'
import { isBaseName, isTag, projectName } from './shapes.ts'

/**
 * How people, filters and decisions name projects: `name`, or `name~tag` for one of several of that name, both as
 * events have them.
 */
export interface NamedProject {
  project: string
  projectTag?: string
}

/** What may be given for a project, for sentences that refuse something else. */
export const PROJECT_FORM =
  'the name of its directory, without a path, like "website", or "website~<tag>" where two have one name'

/** The name and the tag of a key. */
export function partsOf(key: string): NamedProject {
  const [project, projectTag] = key.split('~') as [string, string?]
  return projectTag === undefined ? { project } : { project, projectTag }
}

/** What a person calls a project, as a key; null for what cannot be one. */
export function parseProjectKey(text: string): string | null {
  const [name, tag, ...rest] = text.trim().split('~') as [string, ...string[]]
  if (name === '' || /[/\\]/.test(name) || rest.length > 0 || (tag !== undefined && !isTag(tag))) return null
  return tag === undefined ? projectName(name) : `${projectName(name)}~${tag}`
}

/** The same; throws a `VibeTeaError` `invalid_project` for what cannot be one. */
export function projectKey(text: string): string {
  const key = parseProjectKey(text)
  if (key !== null) return key
  throw new VibeTeaError(
    'invalid_project',
    `${JSON.stringify(text)} is not a project.`,
    `Give ${PROJECT_FORM}.`,
  )
}

/** Whether a text is a key as it stands. */
export function isProjectKey(text: string): boolean {
  const [name, tag, ...rest] = text.split('~')
  return isBaseName(name) && (tag === undefined || isTag(tag)) && rest.length === 0
}

/** Whether one of the keys means a project. */
export function isAmong(keys: readonly string[], { project, projectTag }: NamedProject): boolean {
  return keys.includes(project) || (projectTag !== undefined && keys.includes(`${project}~${projectTag}`))
}
