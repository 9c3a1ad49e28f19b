// Runs scripts of package.json side by side, and prints what each said once it is done: `side-by-side.js build lint`.
// With a command behind them, `side-by-side.js lint check -- vitest run`, they go one after another beside it, in time
// that it would wait: it says at once what it says, and what they said comes after it.
import { Buffer } from 'node:buffer'
import { spawn } from 'node:child_process'
import process from 'node:process'

/** The shell finds npm and what packages bring on Windows too, where these are scripts. */
const inShell = (line, stdio) => spawn(line, { shell: true, stdio })

const ended = (child) => new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1)))

/** Runs a script of package.json; how it ended, and what it said. */
async function run(name) {
  const child = inShell(`npm run ${name}`, ['ignore', 'pipe', 'pipe'])
  const chunks = []
  child.stdout.on('data', (chunk) => chunks.push(chunk))
  child.stderr.on('data', (chunk) => chunks.push(chunk))
  return { code: await ended(child), said: Buffer.concat(chunks) }
}

async function runAndSay(name) {
  const { code, said } = await run(name)
  process.stdout.write(said)
  return code
}

/** One at a time, as some take much memory. */
async function runInTurn(names) {
  const results = []
  for (const name of names) results.push(await run(name))
  return results
}

async function runBeside(names, command) {
  const line = command.map((part) => (/^[\w./:=@-]+$/.test(part) ? part : JSON.stringify(part))).join(' ')
  const beside = runInTurn(names)
  const codes = [await ended(inShell(line, 'inherit'))]
  for (const { code, said } of await beside) {
    process.stdout.write(said)
    codes.push(code)
  }
  return codes
}

const given = process.argv.slice(2)
const end = given.indexOf('--')
const codes =
  end < 0
    ? await Promise.all(given.map(runAndSay))
    : await runBeside(given.slice(0, end), given.slice(end + 1))
process.exitCode = codes.every((code) => code === 0) ? 0 : 1
