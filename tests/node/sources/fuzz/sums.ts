import type { Sums } from './bad-input.ts'

/** What the samples of each format come to together. */
export const SUMS: Readonly<Record<string, Sums>> = {
  'claude .jsonl': sums([4, 9, 1, 2, 44], [103, 383, 21130, 4130], ['1e55', 'c0de']),
  'codex .jsonl': sums([6, 13, 3, 1, 49], [2300, 464, 5800, 0], ['0000', '0001', '0002', '0003']),
  'codex .jsonl.zst': sums([1, 3, 1, 0, 9], [700, 90, 900, 0], ['0001']),
  'copilot .jsonl': sums([5, 8, 1, 2, 51], [2000, 179, 18300, 3500], ['2d1c', 'd4e5', 'e7f8']),
  'gemini .json': sums([3, 3, 0, 1, 17], [2700, 140, 4000, 0], ['beef']),
  'gemini .jsonl': sums([6, 6, 1, 2, 39], [7200, 318, 23000, 0], ['1e55']),
  'opencode .json': sums([1, 2, 1, 2, 12], [60, 25, 5400, 0], ['2f9d']),
  'pi .jsonl': sums([4, 5, 1, 1, 25], [32, 191, 8620, 4170], ['1e01', '1e02', '1e03']),
  'qwen .jsonl': sums([4, 9, 2, 1, 41], [1140, 215, 3640, 0], ['1e01', '1e02']),
  'droid .jsonl': sums([7, 10, 2, 1, 47], [0, 0, 0, 0], ['d01d', 'd02d', 'd03d', 'd05d']),
  'droid .settings.json': sums([0, 0, 0, 0, 4], [1110, 475, 70000, 3200], ['d01d', 'd02d', 'd03d']),
}

type Four = readonly [input: number, output: number, cacheRead: number, cacheWrite: number]
type Five = readonly [prompts: number, tools: number, failures: number, errors: number, events: number]

function sums(counts: Five, tokenCounts: Four, sessions: string[]): Sums {
  const [prompts, tools, failures, errors, events] = counts
  const [input, output, cacheRead, cacheWrite] = tokenCounts
  return {
    prompts,
    tools,
    failures,
    errors,
    tokens: { input, output, cacheRead, cacheWrite },
    events,
    sessions,
  }
}

const HOLDS_NOTHING = ['drops what it holds at the end', 'never says that it holds something']
/** A document is one record, which is read or not, and read again whatever was held. */
const IS_ONE_RECORD = ['never says that it holds something', 'gives up at the first line that is none']

/** Mistakes that make no difference to a format, as it or its samples have nothing of the kind. */
export const HARMLESS: Readonly<Record<string, readonly string[]>> = {
  'codex .jsonl': HOLDS_NOTHING,
  'codex .jsonl.zst': HOLDS_NOTHING,
  'copilot .jsonl': HOLDS_NOTHING,
  'gemini .json': [...IS_ONE_RECORD, 'takes failures for successes'],
  'opencode .json': [...HOLDS_NOTHING, ...IS_ONE_RECORD, 'names a response by where it stands'],
  'pi .jsonl': HOLDS_NOTHING,
  'qwen .jsonl': HOLDS_NOTHING,
  'droid .jsonl': [
    ...HOLDS_NOTHING,
    'counts every token twice',
    'counts what came from the cache as input too',
  ],
  'droid .settings.json': [
    ...HOLDS_NOTHING,
    ...IS_ONE_RECORD,
    'names a call by where it stands',
    'takes failures for successes',
    'tells of no start of a call',
    'calls a tool what a person said',
  ],
}
