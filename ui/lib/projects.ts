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
  const tags = new Map<string, Set<string>>()
  for (const { project, projectTag = '' } of projects) {
    const known = tags.get(project)
    if (known) known.add(projectTag)
    else tags.set(project, new Set([projectTag]))
  }
  const names = [...tags].flatMap(([project, known]) =>
    known.size === 1 ? [project] : [...known].map((tag) => (tag ? `${project}~${tag}` : project)),
  )
  return names.sort()
}
