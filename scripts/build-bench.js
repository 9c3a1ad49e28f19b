// Compiles the benchmarks into dist/, and the archive's real servers, which they start.
import { spawnSync } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import process from 'node:process'

const TSC = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')
const { status } = spawnSync(process.execPath, [TSC, '-p', 'tsconfig.bench.json'], { stdio: 'inherit' })
if (status !== 0) process.exit(1)

// Compiled, tests/stack finds what it imports where its own package installs it.
try {
  symlinkSync(resolve('tests/stack/node_modules'), 'dist/tests/stack/node_modules', 'junction')
} catch (error) {
  if (error.code !== 'EEXIST') throw error
}
