import { VibeTeaError } from '../../core/errors.ts'
import { isBaseName, isTag, projectName } from '../../core/shapes.ts'

/** How decisions name projects: `name`, or `name~tag` for one of several of that name, both as events have them. */

/** The name and the tag of a key. */
export function partsOf(key: string): { project: string; projectTag?: string } {
  const [project, projectTag] = key.split('~') as [string, string?]
  return projectTag === undefined ? { project } : { project, projectTag }
}

/** What a person calls a project, as a key. Throws a `VibeTeaError` `invalid_project` for what cannot be one. */
export function projectKey(text: string): string {
  const [name, tag, ...rest] = text.trim().split('~') as [string, ...string[]]
  if (name === '' || /[/\\]/.test(name) || rest.length > 0 || (tag !== undefined && !isTag(tag))) {
    throw new VibeTeaError(
      'invalid_project',
      `${JSON.stringify(text)} is not a project.`,
      'A project is the name of its directory, without a path, like "website"; "website~<tag>" where two have one name.',
    )
  }
  return tag === undefined ? projectName(name) : `${projectName(name)}~${tag}`
}

/** Whether a text is a key as it stands. */
export function isProjectKey(text: string): boolean {
  const [name, tag, ...rest] = text.split('~')
  return isBaseName(name) && (tag === undefined || isTag(tag)) && rest.length === 0
}
