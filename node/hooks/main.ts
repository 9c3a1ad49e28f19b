import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import process from 'node:process'
import type { HookSays } from '../../core/api.ts'
import { fieldsOf, saysOf } from './hook-input.ts'

/**
 * What a hook's command runs: `node main.js <home>` with the hook's input. Tells the node that runs in the home, if one
 * does, and otherwise nobody: the session's file says the rest. Writes nothing, and ends with 0 whatever happens. It
 * imports nothing but Node's own, so that it is quick.
 */

/** What is taken stands in front; behind it comes what a tool is given, which may be a whole file. */
const HEAD_BYTES = 64 * 1024
/** A node that does not answer is not waited for; the same goes for the input. */
const PATIENCE_MS = 3000

/** The beginning of the input, which is taken whole so that nobody finds it closed. */
async function readHead(): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of process.stdin as AsyncIterable<Buffer>) {
    if (bytes < HEAD_BYTES) parts.push(part.subarray(0, HEAD_BYTES - bytes))
    bytes += part.length
  }
  return Buffer.concat(parts).toString()
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
  const says = saysOf(fieldsOf(await readHead()))
  if (says) await tell(process.argv[2] ?? '', says)
} catch {
  // No node, or no input of a hook: there is nobody to tell, and nobody who would read it here.
}
process.exit(0)
