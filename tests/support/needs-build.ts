import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** Written by `npm run build`, with the time at which it began. */
const STAMP = join(ROOT, 'dist/.built')
const SOURCES = ['core', 'node', 'archive', 'types', 'ui']

/** Refuses to test what was built from other sources than those that are here. */
export default function setup(): void {
  if (!existsSync(STAMP)) throw new Error('These tests run what is built; run "npm run build" first.')
  const builtAt = statSync(STAMP).mtimeMs
  const newer = sourceFiles().find((path) => statSync(join(ROOT, path)).mtimeMs > builtAt)
  if (newer)
    throw new Error(`These tests run what is built, and ${newer} is newer; run "npm run build" first.`)
}

function sourceFiles(): string[] {
  return SOURCES.filter((folder) => existsSync(join(ROOT, folder))).flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length)),
  )
}
