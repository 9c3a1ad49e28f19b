import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createLogger } from '../home/logger.ts'
import type { Settings } from '../home/settings.ts'
import { VibeTeaNode, type NodeOptions } from '../node.ts'
import type { Context } from './command.ts'

/** The built dashboard, beside the built node. */
export const UI_DIRECTORY = fileURLToPath(new URL('../../ui/', import.meta.url))

/** Starts the node of a home as a command does, its log on stderr. Throws as `VibeTeaNode.start` does. */
export function startNode(
  { env, homeDirectory }: Pick<Context, 'env' | 'homeDirectory'>,
  settings: Settings,
  options: Pick<NodeOptions, 'watches' | 'archives' | 'onProgress'>,
): Promise<VibeTeaNode> {
  return VibeTeaNode.start({
    ...options,
    settings,
    environment: { env, homeDirectory },
    log: createLogger(settings.logLevel),
    uiDirectory: UI_DIRECTORY,
    random: randomBytes,
  })
}

/** Resolves on SIGINT or SIGTERM. */
export async function untilEnded({ signal }: Pick<Context, 'signal'>): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
}
