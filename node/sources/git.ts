import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Runs git on a repository; its output, or null where git is missing, fails or takes too long. */
export type RunGit = (gitDirectory: string, args: readonly string[]) => Promise<string | null>

/** Half a million commits take some seconds to walk. */
const TIMEOUT_MS = 15_000
const MAX_OUTPUT_BYTES = 1024 * 1024

export const runGit: RunGit = (gitDirectory, args) =>
  new Promise((resolve) => {
    const options = {
      timeout: TIMEOUT_MS,
      maxBuffer: MAX_OUTPUT_BYTES,
      windowsHide: true,
      env: plainEnvironment(),
    }
    execFile('git', [`--git-dir=${gitDirectory}`, ...args], options, (error, stdout) =>
      resolve(error ? null : stdout),
    )
  })

/** What a hook or a shell set for another repository must not lead git there. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'))
  return { ...Object.fromEntries(kept), GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' }
}

/**
 * What tells a repository from others of its name: the id of its first commit, the smallest where it has several; for
 * a shallow clone, which does not have that commit, the address of its origin. Null where neither is known.
 */
export async function rootCommitOf(gitDirectory: string, run: RunGit): Promise<string | null> {
  if (await isShallow(gitDirectory)) {
    const url = await run(gitDirectory, ['config', '--get', 'remote.origin.url'])
    return url === null ? null : normalisedUrl(url.trim())
  }
  const commits = await run(gitDirectory, ['rev-list', '--max-parents=0', 'HEAD'])
  const ids = (commits ?? '').split('\n').filter((id) => /^[0-9a-f]{40,64}$/.test(id))
  return ids.sort()[0] ?? null
}

async function isShallow(gitDirectory: string): Promise<boolean> {
  try {
    return (await readFile(join(gitDirectory, 'shallow'), 'utf8')) !== ''
  } catch {
    // Only shallow clones have the file.
    return false
  }
}

/** `host/path` of a repository's address, however it is written and whoever may read it; null for a path. */
export function normalisedUrl(url: string): string | null {
  const match = /^(?:[a-z+]+:\/\/)?(?:[^@/]*@)?([^/:]+)(?::\d+\/|[:/])(.+)$/i.exec(url)
  if (!match || !/^[a-z+]+:\/\/|^[^/]*:/i.test(url) || /^file:|^[a-z]:[\\/]/i.test(url)) return null
  const path = match[2]!
    .replace(/^\/+/, '')
    .replace(/\/+$/, '')
    .replace(/\.git$/i, '')
  return `${match[1]!.toLowerCase()}/${path}`
}
