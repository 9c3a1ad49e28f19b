import type { LocalFields } from '../../core/api.ts'
import { printable } from '../../core/printable.ts'

/** As much of a name as is shown. */
const MAX_NAME = 80

/** Text that someone else chose, as the page shows it: `max` characters at most, all of which can be seen. */
export function plain(text: string, max = MAX_NAME): string {
  return Array.from(printable(text)).slice(0, max).join('')
}

const MAX_TITLE = 200

/** What only this machine knows of a session, as the page shows it; '' for what it does not know. */
export function localTexts({
  title = '',
  branch = '',
  worktree = '',
}: LocalFields = {}): Required<LocalFields> {
  return {
    title: plain(title, MAX_TITLE),
    branch: plain(branch),
    worktree: plain(worktree),
  }
}

/** The same in one line: `Brew it hotter · main · lemon`. */
export function localLine(local?: LocalFields): string {
  const { title, branch, worktree } = localTexts(local)
  return [title, branch, worktree].filter(Boolean).join(' · ')
}
