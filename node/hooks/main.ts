import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import process from 'node:process'
import type { HookSays } from '../../core/api.ts'
import { saysOf } from './hook-input.ts'

/**
 * What a hook's command runs: `node main.js <home>` with the hook's input. Tells the node that runs in the home, if one
 * does, and otherwise nobody: the session's file says the rest. Writes nothing, and ends with 0 whatever happens. It
 * imports nothing but Node's own, so that it is quick.
 */

/** The input of a call that writes a long file holds that file. */
const MAX_INPUT_BYTES = 1024 * 1024
/** A node that does not answer is not waited for; the same goes for the input. */
const PATIENCE_MS = 3000

/** All of the input, so that nobody finds it closed; null where it is too long. */
async function readInput(): Promise<unknown> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of process.stdin as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes <= MAX_INPUT_BYTES) parts.push(part)
    else parts.length = 0
  }
  return bytes <= MAX_INPUT_BYTES ? JSON.parse(Buffer.concat(parts).toString()) : null
}

async function tell(home: string, says: HookSays): Promise<void> {
  const running = JSON.parse(await readFile(join(home, 'running.json'), 'utf8')) as Record<string, unknown>
  const { pid, url, tokenPath } = running
  if (typeof pid !== 'number' || typeof url !== 'string' || typeof tokenPath !== 'string') return
  // What a node that was killed left behind may name a port that is somebody else's by now.
  process.kill(pid, 0)
  const token = (await readFile(tokenPath, 'utf8')).trim()
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  await new Promise((resolve, reject) => {
    const call = request(`${url}/api/actions/hook`, { method: 'POST', headers, agent: false }, (answer) => {
      answer.resume().on('close', resolve)
    })
    call.on('error', reject).end(JSON.stringify(says))
  })
}

// The terminal that is closed with a session does not end what tells of the session's end.
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined)
setTimeout(() => process.exit(0), PATIENCE_MS).unref()
try {
  const says = saysOf(await readInput())
  if (says) await tell(process.argv[2] ?? '', says)
} catch {
  // No node, or no input of a hook: there is nobody to tell, and nobody who would read it here.
}
process.exit(0)
