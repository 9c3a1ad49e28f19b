/**
 * The order in which session files are read: those that began earlier first, so that what a forked or resumed session
 * repeats of another one belongs to that one, whoever reads.
 */
export interface BegunFile {
  path: string
  /** ms since 1970, see `beganAt`. */
  beganMs: number
}

const ENDING = /\.jsonl?(?:\.zst)?$/

/** When a file began, as near as its system tells: some know no birth, and a copy is born after its content. */
export function beganAt({ birthtimeMs, mtimeMs }: { birthtimeMs: number; mtimeMs: number }): number {
  return Math.floor(birthtimeMs > 0 ? Math.min(birthtimeMs, mtimeMs) : mtimeMs)
}

/** Of files of one moment a session's own goes before those in the folder of the same name: its subagents'. */
export function byBeginning(a: BegunFile, b: BegunFile): number {
  if (a.beganMs !== b.beganMs) return a.beganMs - b.beganMs
  const [nameA, nameB] = [a.path.replace(ENDING, ''), b.path.replace(ENDING, '')]
  return nameA < nameB ? -1 : nameA > nameB ? 1 : 0
}
