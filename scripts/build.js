// Compiles the node and the page side by side into dist/.
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, utimesSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import process from 'node:process'

const require = createRequire(import.meta.url)
const bin = (name, file) => join(dirname(require.resolve(`${name}/package.json`)), file)

function run(script, ...args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script, ...args], { stdio: 'inherit' })
    child.on('close', (code) => resolve(code ?? 1))
  })
}

// npx prepares a clone for each cache that it is called with, also while a node runs from what is built.
const { npm_command: command, npm_lifecycle_event: event } = process.env
if (command === 'exec' && event === 'prepare' && existsSync('dist/.built')) process.exit(0)

const startedAt = new Date()
const codes = await Promise.all([
  run(bin('typescript', 'bin/tsc'), '-p', 'tsconfig.build.json'),
  run(bin('vite', 'bin/vite.js'), 'build', '--logLevel', 'warn'),
])
if (codes.some((code) => code !== 0)) process.exit(1)
chmodSync('dist/node/cli/main.js', 0o755)
// What is changed from now on is not in dist/; the tests of what is built ask.
writeFileSync('dist/.built', '')
utimesSync('dist/.built', startedAt, startedAt)
