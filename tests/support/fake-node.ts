import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import type { Timers } from '../../core/timers.ts'
import { systemTimers } from '../../node/system-timers.ts'
import { startApi } from '../../node/api/server.ts'
import { Tokens } from '../../node/api/tokens.ts'
import type { FakeBackend } from './fake-backend.ts'

/** The dashboard as `npm run build` made it. */
export const UI_DIRECTORY = fileURLToPath(new URL('../../dist/ui', import.meta.url))

/** Longer than any test. */
const CODE_MS = 3_600_000

export interface FakeNode {
  port: number
  /** An address that opens the dashboard, once. */
  openUrl(): string
  /** The node goes away: no answer, and no goodbye that says when it is back. */
  stop(): Promise<void>
  /** It is back at the same address; pages keep their tokens, as behind an `ssh -L` that broke. */
  restart(): Promise<void>
  /** It is back, but pages must ask for a new token, as after a restart. */
  restartAnew(): Promise<void>
}

/** The real API and its security in front of a scripted node. `clock` tells pages what time it is. */
export async function startFakeNode(
  backend: FakeBackend,
  uiDirectory = UI_DIRECTORY,
  clock: Timers = systemTimers,
): Promise<FakeNode> {
  const newTokens = () => new Tokens({ randomBytes: (length) => randomBytes(length), now: () => Date.now() })
  const start = (port: number) =>
    startApi({
      backend,
      port,
      uiDirectory,
      tokens,
      clock,
      version: '0.1.0',
      log: {
        error: (fields, message) => process.stderr.write(`${message} ${String(Object.values(fields))}\n`),
      },
    })
  let tokens = newTokens()
  let api = await start(0)
  const { port } = api
  return {
    port,
    openUrl: () => `${api.url}/#code=${tokens.launchCode(CODE_MS)}`,
    stop: () => api.close(),
    async restart() {
      api = await start(port)
    },
    async restartAnew() {
      tokens = newTokens()
      api = await start(port)
    },
  }
}
