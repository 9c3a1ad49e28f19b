import type { Tokens } from '../../../core/events.ts'
import { tokenCount } from '../fields.ts'
import type { Fields } from '../json-line.ts'
import { isFields } from '../json-line.ts'

/**
 * What a shutdown says that a model was sent and read from its cache, as far as no message says it. A message has its
 * output tokens, and no record but the shutdown has any others.
 */
export interface Usage {
  /** All that was sent, with what came from the cache or went into it. */
  sent: number
  cacheRead: number
  cacheWrite: number
}

const NOTHING: Usage = { sent: 0, cacheRead: 0, cacheWrite: 0 }

/** By model, what the process of a shutdown has used since it began with the session. */
export function usageOf(shutdown: Fields): Map<string, Usage> {
  const usage = new Map<string, Usage>()
  if (!isFields(shutdown.modelMetrics)) return usage
  for (const [model, metrics] of Object.entries(shutdown.modelMetrics)) {
    if (!isFields(metrics) || !isFields(metrics.usage)) continue
    const { inputTokens, cacheReadTokens, cacheWriteTokens } = metrics.usage
    usage.set(model, {
      sent: tokenCount(inputTokens),
      cacheRead: tokenCount(cacheReadTokens),
      cacheWrite: tokenCount(cacheWriteTokens),
    })
  }
  return usage
}

/**
 * What was used from one shutdown to the next. A process counts on after it has written a shutdown; the next one that
 * resumes the session begins at nothing, as what each call used is not kept (seen in the source of 1.0.60).
 */
export class UsageCount {
  #before: ReadonlyMap<string, Usage> = new Map()

  /** Another process counts. */
  begin(): void {
    this.#before = new Map()
  }

  /** The tokens of each model since the last shutdown of the same process, where there are any. */
  since(usage: ReadonlyMap<string, Usage>): { model: string; tokens: Tokens }[] {
    const before = this.#before
    this.#before = usage
    return [...usage].flatMap(([model, now]) => {
      const last = before.get(model) ?? NOTHING
      const cacheRead = Math.max(now.cacheRead - last.cacheRead, 0)
      const cacheWrite = Math.max(now.cacheWrite - last.cacheWrite, 0)
      const input = Math.max(now.sent - last.sent - cacheRead - cacheWrite, 0)
      return input + cacheRead + cacheWrite > 0
        ? [{ model, tokens: { input, output: 0, cacheRead, cacheWrite } }]
        : []
    })
  }
}
