import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode, fileError, writeWhole } from './files.ts'

/** The token with which programs of this user reach the node's API: `api-token` in the home, new at each start. */
export class ApiToken {
  /** Absolute. */
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  /** Writes a token in place of the last one (0600). Throws a `VibeTeaError` where it cannot. */
  static async write(home: string, token: string): Promise<ApiToken> {
    const path = join(home, 'api-token')
    await writeWhole(path, token + '\n')
    return new ApiToken(path)
  }

  /** Takes it away, as the node that it belongs to ends. */
  async remove(): Promise<void> {
    await rm(this.path, { force: true })
  }
}

/** The token of the node that runs, from the path that its lock names; null where there is none. */
export async function readApiToken(path: string): Promise<string | null> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw fileError(error, path, 'read')
  }
}
