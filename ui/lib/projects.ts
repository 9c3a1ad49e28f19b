import type { NamedProject } from '../../core/project-key.ts'

/** How a project is called among some: `name`, or `name~tag` where another of them has its name. */
export function nameAmong(projects: readonly NamedProject[], { project, projectTag }: NamedProject): string {
  const isTwin = projects.some(
    (other) => other.project === project && (other.projectTag ?? '') !== (projectTag ?? ''),
  )
  return isTwin && projectTag ? `${project}~${projectTag}` : project
}

/** What all of them are called, each once, sorted. */
export function namesOf(projects: readonly NamedProject[]): string[] {
  return [...new Set(projects.map((project) => nameAmong(projects, project)))].sort()
}
