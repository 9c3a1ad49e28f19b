import { isBaseName, lastPathPart } from './shapes.ts'

/** What may be said of the file that a tool was given: its base name, and where it lies within the work tree. */

/**
 * Words in the names of tools whose argument is a command, a search, an address or a folder, in all assistants: Bash,
 * BashOutput, run_shell_command, exec_command, container.exec, grep_search, search_file_content, google_web_search,
 * FetchUrl, list_directory, mcp__shell__run. Where one occurs no file's name is shown; a wrong guess hides one name.
 */
const WITHOUT_CONTEXT = new Set(
  (
    'bash bashoutput killbash sh zsh shell killshell localshell powershell pwsh cmd command commands exec execute ' +
    'run runcommand terminal stdin process repl eval grep glob search websearch codesearch filesearch toolsearch ' +
    'rg ripgrep find fetch webfetch web http https url urls curl wget browser navigate query sql ls list dir ' +
    'directory directories folder tree task agent subagent skill'
  ).split(' '),
)

/** The words of a name, lower case: `mcp__shell__runCommand` is mcp, shell, run, command. */
function wordsOf(name: string): string[] {
  const parted = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
  return parted.toLowerCase().match(/[a-z]+/g) ?? []
}

/** Answers for the tools of late, as there are few tools and many calls. */
const answered = new Map<string, boolean>()
const MAX_ANSWERED = 500

/** Whether a tool, under whatever name, is one for which no file's name is shown. */
export function isWithoutContext(tool: string): boolean {
  const name = tool.slice(0, 256)
  let answer = answered.get(name)
  if (answer === undefined) {
    answer = wordsOf(name).some((word) => WITHOUT_CONTEXT.has(word))
    if (answered.size >= MAX_ANSWERED) answered.clear()
    answered.set(name, answer)
  }
  return answer
}

/** No path is longer, on any system. */
const MAX_PATH = 4096
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]+:/ // two characters and more: one is a drive
const CONTROL = /[\p{Cc}\u2028\u2029]/u
const DRIVE = /^[A-Za-z]:\//

const slashed = (path: string): string => path.replaceAll('\\', '/')
const isAbsolute = (path: string): boolean => path.startsWith('/') || DRIVE.test(path)

/**
 * The base name in what a model wrote for a path, of any system; null where that is an address, a sentence, a folder
 * (it ends in a slash) or has no base name that may be shown.
 */
export function baseNameOf(path: string): string | null {
  if (path.length > MAX_PATH || path.includes('://') || SCHEME.test(path) || CONTROL.test(path)) return null
  if (/\s/.test(path) && !isAbsolute(slashed(path))) return null
  const name = lastPathPart(path)
  return isBaseName(name) ? name : null
}

/** Whether the list of extensions (lower case, without a dot; null for all) lets a base name be shown. */
export function isAllowedExtension(allowed: ReadonlySet<string> | null, baseName: string): boolean {
  if (!allowed) return true
  const dot = baseName.lastIndexOf('.')
  return dot >= 0 && allowed.has(baseName.slice(dot + 1).toLowerCase())
}

/** The parts of an absolute path, with `.` and `..` resolved; null where it climbs above the root. */
function partsOf(path: string): string[] | null {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') parts.push(part)
    else if (parts.pop() === undefined) return null
  }
  return parts
}

/**
 * The path below a work tree, with `/` and in Unicode's composed form, so that it is the same on every machine; null
 * where it is elsewhere. A relative path counts from `directory`. Case counts, except in what is above the work tree
 * on a drive.
 */
export function pathWithin(root: string, directory: string, path: string): string | null {
  const given = slashed(path)
  const absolute = isAbsolute(given) ? given : `${slashed(directory)}/${given}`
  const rootParts = partsOf(slashed(root))
  const parts = partsOf(absolute)
  if (!rootParts || !parts || !isAbsolute(absolute) || parts.length <= rootParts.length) return null
  const fold = DRIVE.test(slashed(root)) ? (part: string) => part.toLowerCase() : (part: string) => part
  if (rootParts.some((part, i) => fold(part) !== fold(parts[i]!))) return null
  return parts.slice(rootParts.length).join('/').normalize('NFC')
}
