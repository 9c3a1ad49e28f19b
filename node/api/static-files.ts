import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { VibeTeaError } from '../../core/errors.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
}

export interface StaticFile {
  type: string
  body: Uint8Array<ArrayBuffer>
  cacheControl: string
}

/** The page's files by their paths in URLs. */
export type StaticFiles = ReadonlyMap<string, StaticFile>

/**
 * Reads the built dashboard, once: what is not in the map does not exist, so that no path of a request ever reaches
 * the disk. Links and files of unknown types are left out. Throws a `VibeTeaError` where it is not built.
 */
export function readStaticFiles(directory: string): StaticFiles {
  const files = new Map<string, StaticFile>()
  const visit = (at: string, path: string): void => {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      const type = TYPES[extname(entry.name)]
      if (entry.isDirectory()) visit(join(at, entry.name), `${path}${entry.name}/`)
      if (!entry.isFile() || !type) continue
      // The build names what is in `assets` by its content.
      const isHashed = path.startsWith('/assets/')
      files.set(`${path}${entry.name}`, {
        type,
        body: Uint8Array.from(readFileSync(join(at, entry.name))),
        cacheControl: isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
      })
    }
  }
  try {
    visit(directory, '/')
  } catch (error) {
    throw notBuilt(directory, error)
  }
  const index = files.get('/index.html')
  if (!index) throw notBuilt(directory)
  return files.set('/', index)
}

function notBuilt(directory: string, cause?: unknown): VibeTeaError {
  return new VibeTeaError(
    'dashboard_missing',
    `The dashboard's files are not in ${directory}.`,
    'Run "npm run build".',
    { cause },
  )
}
