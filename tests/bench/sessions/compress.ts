import { execFileSync } from 'node:child_process'

/** Puts a compressed file in the place of another, as Codex CLI does; its path. Needs the program `zstd`. */
export function compress(path: string): string {
  execFileSync('zstd', ['-q', '--rm', path])
  return `${path}.zst`
}
