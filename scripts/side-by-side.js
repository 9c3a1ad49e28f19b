// Runs scripts of package.json side by side, and prints what each said once it is done: `side-by-side.js build lint`.
import { Buffer } from 'node:buffer'
import { spawn } from 'node:child_process'
import process from 'node:process'

function run(name) {
  return new Promise((resolve) => {
    // The shell finds npm on Windows too, where it is a script; the names are package.json's own.
    const child = spawn(`npm run ${name}`, { shell: true, stdio: ['ignore', 'pipe', 'pipe'] })
    const chunks = []
    child.stdout.on('data', (chunk) => chunks.push(chunk))
    child.stderr.on('data', (chunk) => chunks.push(chunk))
    child.on('close', (code) => {
      process.stdout.write(Buffer.concat(chunks))
      resolve(code ?? 1)
    })
  })
}

const codes = await Promise.all(process.argv.slice(2).map(run))
process.exitCode = codes.every((code) => code === 0) ? 0 : 1
