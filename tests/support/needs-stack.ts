import { spawnSync } from 'node:child_process'
import { missingPackages, STACK } from '../stack/packages.ts'

/** Installs PostgreSQL, PostgREST and Deno into `tests/stack` where they are missing; throws a sentence if it cannot. */
export default function setup(): void {
  if (missingPackages().length === 0) return
  const { status } = spawnSync('npm ci --loglevel=error', { cwd: STACK, shell: true, stdio: 'inherit' })
  const missing = missingPackages()
  if (status === 0 && missing.length === 0) return
  throw new Error(
    `The archive's tests need ${missing.join(', ')}: run "npm ci" in tests/stack and see what it says.`,
  )
}
