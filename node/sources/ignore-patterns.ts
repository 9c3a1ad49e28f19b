import ignore, { type Ignore } from 'ignore'

/**
 * The patterns of an ignore file, in the syntax of git's: lines without comments and empty ones, '' where the file keeps
 * out everything. A path matches in any case of its letters.
 */

/** No name that a file has: what keeps it out keeps out every name. */
const ANY_NAME = '\u0001'

/** Those of a file's text; null where one of them is none, as then nobody knows what it was meant to keep out. */
export function patternsIn(text: string): string | null {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n|\r/)
    .filter((line) => !/^\s*(?:#|$)/.test(line))
  return lines.every(isPattern) ? lines.join('\n') : null
}

/** git ignores a pattern that ends in a single backslash, or with a bracket that is never closed. */
function isPattern(line: string): boolean {
  const plain = line.replace(/\\./g, '')
  const unclosed = plain.replace(/\[[!^]?\]?[^\]]*\]/g, '').includes('[')
  // eslint-disable-next-line no-control-regex -- such a character is none that a person typed
  return !plain.endsWith('\\') && !unclosed && !/^!?\/*\s*$/.test(line) && !/[\0-\x08\x0e-\x1f]/.test(line)
}

const compiled = new Map<string, Ignore>()
const MAX_COMPILED = 100

function compile(patterns: string): Ignore {
  let known = compiled.get(patterns)
  if (!known) {
    known = ignore({ allowRelativePaths: true }).add(patterns.normalize('NFC'))
    if (compiled.size >= MAX_COMPILED) compiled.clear()
    compiled.set(patterns, known)
  }
  return known
}

/** Whether the patterns keep out a file; its path is relative to their directory, with `/`. */
export function keepsOutFile(patterns: string, path: string): boolean {
  return patterns === '' || (path !== '' && compile(patterns).ignores(path))
}

/** Whether they keep out a folder, or whatever is in it; '' is their own directory. */
export function keepsOutFolder(patterns: string, path: string): boolean {
  if (patterns === '') return true
  const inFolder = path === '' ? '' : `${path}/`
  return compile(patterns).ignores(inFolder + ANY_NAME)
}
