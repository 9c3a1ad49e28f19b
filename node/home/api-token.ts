import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode, fileError, writeWhole } from './files.ts'

/** The token with which programs of this user reach the node's API: `api-token` in the home, new at each start. */
export class ApiToken {
  readonly path: string
  /** 43 characters of base64url. */
  readonly token: string

  private constructor(path: string, token: string) {
    this.path = path
    this.token = token
  }

  /** Writes a new one (0600). `random` gives that many random bytes. Throws a `VibeTeaError` if it cannot. */
  static async write(home: string, random: (bytes: number) => Uint8Array): Promise<ApiToken> {
    const path = join(home, 'api-token')
    const token = Buffer.from(random(32)).toString('base64url')
    await writeWhole(path, token + '\n')
    return new ApiToken(path, token)
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
