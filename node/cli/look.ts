import { randomBytes } from 'node:crypto'
import { createLogger } from '../home/logger.ts'
import type { Peeked, PeekOptions } from '../peek.ts'
import { peek } from '../peek.ts'

export type LookOptions = Omit<PeekOptions, 'random' | 'log'>

/** Looks who of a team is there, see `peek`; whatever goes wrong meanwhile, nothing is written between the questions. */
export function lookAtTeam(options: LookOptions): Promise<Peeked | null> {
  return peek({ ...options, random: randomBytes, log: createLogger('silent') })
}
