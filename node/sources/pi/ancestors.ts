import { dirname, join } from 'node:path'
import { recordsBeside } from '../beside.ts'
import type { HeaderRecord } from './record.ts'
import { recordOf, sessionIdInName } from './record.ts'

/** A session from which another one was branched, directly or not. */
export interface Ancestor {
  sessionId: string
  /** When it began, ms since 1970; null where that is not known. */
  at: number | null
}

/** How often a branch is branched again. */
const MAX_DEPTH = 16
/** A header is the first line of its file. */
const MAX_BYTES = 64 * 1024

/**
 * The sessions from which that of a file was branched, the nearest first: each header names one file. They lie in the
 * folder of that file, or in that of another project; where there is none, its name still tells the session.
 */
export function ancestorsOf(path: string, header: HeaderRecord): Ancestor[] {
  const ancestors: Ancestor[] = []
  let { parent } = header
  while (parent !== null && ancestors.length < MAX_DEPTH) {
    const next = headerIn(path, parent)
    const sessionId = next?.sessionId ?? sessionIdInName(parent)
    if (sessionId === null) break
    ancestors.push({ sessionId, at: next?.at ?? null })
    parent = next?.parent ?? null
  }
  return ancestors
}

/** A file is named by where it was when it was branched: only its own name and its folder's are taken of that. */
function headerIn(path: string, parent: string): HeaderRecord | null {
  const [name, folder] = parent.split(/[\\/]/).reverse()
  if (!name?.endsWith('.jsonl')) return null
  const own = dirname(path)
  const places = folder?.startsWith('--') ? [own, join(dirname(own), folder)] : [own]
  for (const place of places) {
    for (const fields of recordsBeside(join(place, name), MAX_BYTES)) {
      const { record } = recordOf(fields)
      if (record?.type === 'header') return record
      break
    }
  }
  return null
}
