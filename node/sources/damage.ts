import type { FoundFile } from './batch-files.ts'
import { DAMAGED, kindOf } from './documents.ts'
import type { Adapter } from './port.ts'
import { linesOf } from './zstd.ts'

/** How many of the folders above a file tell, with its name, whose it is: the deepest layout has as many. */
const MAX_FOLDERS = 4

/**
 * Whether a document that nobody recognises by what it holds is a damaged one of ours, as far as one can know: a person
 * named it, or its place and name are those of an assistant's documents. Anyone's others may be as they like.
 */
export function isDamaged(
  document: Buffer,
  { path, isNamed }: Pick<FoundFile, 'path' | 'isNamed'>,
  adapters: readonly Adapter[],
): boolean {
  const isZstd = kindOf(document) === 'zstd'
  const isMeant = isNamed && (isZstd || path.endsWith('.json'))
  if (!isMeant && !isPlaced(path, adapters)) return false
  return isZstd ? !isWholeZstd(document) : !isJson(document)
}

function isPlaced(path: string, adapters: readonly Adapter[]): boolean {
  const parts = path.split(/[\\/]/)
  for (let folders = 1; folders <= MAX_FOLDERS && folders < parts.length; folders++) {
    const relative = parts.slice(-1 - folders).join('/')
    if (adapters.some((adapter) => adapter.formOf(relative) === 'document')) return true
  }
  return false
}

function isWholeZstd(compressed: Buffer): boolean {
  for (const line of linesOf(compressed)) if (line === DAMAGED) return false
  return true
}

function isJson(document: Buffer): boolean {
  try {
    JSON.parse(document.toString())
    return true
  } catch {
    // That it cannot be parsed is the answer.
    return false
  }
}
