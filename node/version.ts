import { readFileSync } from 'node:fs'

/** package.json lies above the sources and, one folder further, above what is built from them. */
function packageVersion(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const manifest = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as { version: string }
      return manifest.version
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  throw new Error('package.json is missing')
}

/** VibeTea's version. */
export const VERSION: string = packageVersion()
