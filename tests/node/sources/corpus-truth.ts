import type { Assistant, Event, Tokens } from '../../../core/events.ts'
import { weight } from '../../../core/events.ts'
import { toolName } from '../../../core/shapes.ts'
import { addTokens, noTokens } from '../../../core/totals.ts'

/** What another program counted in a session file; each assistant's own names. */
export type Truth = Readonly<Record<string, unknown>> & { secrets: readonly { s: string }[] }

/** What both sides come to; tools and models under the names in which they may be shown. */
export interface Counts {
  tools: Record<string, number>
  failures: Record<string, number>
  results: { completed: number; failed: number; unknown: number }
  prompts: number
  errors: number
  tokens: Tokens
  tokensByModel: Record<string, Tokens>
}

/** How one assistant's truth counts: what it says of a file. What it does not count is not compared. */
export interface Measure {
  counts: (truth: Truth) => Partial<Counts>
  /** Tools whose results the truth does not count. */
  withoutResults?: readonly string[]
  /** The sessions' ids as the assistant has them. */
  sessions: (truth: Truth) => string[]
  /** The directories, or their base names. */
  projects: (truth: Truth) => string[]
}

type Numbers = Readonly<Record<string, number>>

const numbers = (value: unknown): Numbers => value as Numbers
const number = (value: unknown): number => value as number
const texts = (value: unknown): string[] =>
  [value].flat().filter((each): each is string => typeof each === 'string')

/** The truth's names as they may be shown. */
function shown(byName: unknown): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const [name, count] of Object.entries(numbers(byName)))
    sums[toolName(name)] = (sums[toolName(name)] ?? 0) + count
  return sums
}

function claudeTokens(usage: Numbers): Tokens {
  const { input = 0, output = 0, cache_read: cacheRead = 0, cache_creation: cacheWrite = 0 } = usage
  return { input, output, cacheRead, cacheWrite }
}

/** Of the assistants whose input includes what came from the cache. */
function tokensLess(cached: number | undefined, input = 0, output = 0): Tokens {
  return { input: input - (cached ?? 0), output, cacheRead: cached ?? 0, cacheWrite: 0 }
}

export const MEASURES: Readonly<Partial<Record<Assistant, Measure>>> = {
  claude: {
    counts: (truth) => ({
      tools: shown(truth.tool_uses_by_name),
      failures: shown(truth.tool_results_is_error_by_tool),
      prompts: number(truth.user_prompts),
      tokens: claudeTokens(numbers(truth.usage_last_wins)),
      tokensByModel: Object.fromEntries(
        Object.entries(truth.usage_by_model_last_wins as Record<string, Numbers>)
          .map(([model, usage]) => [model, claudeTokens(usage)] as const)
          .filter(([, tokens]) => Object.values(tokens).some((count) => count > 0)),
      ),
    }),
    sessions: (truth) => texts(truth.session_ids),
    projects: (truth) => texts(truth.project_basenames),
  },
  codex: {
    counts: (truth) => {
      const usage = numbers(truth.sum_last_usage_when_total_changed)
      return {
        tools: shown(truth.tool_calls_by_name),
        results: {
          completed: number(truth.outputs_exit_zero),
          failed: number(truth.outputs_exit_nonzero),
          unknown: number(truth.outputs_exit_unknown),
        },
        prompts: number(truth.user_message_events),
        tokens: tokensLess(usage.cached_input_tokens, usage.input_tokens, usage.output_tokens),
      }
    },
    // Those that the server runs tell of their end in the record of the call itself.
    withoutResults: ['web_search_call', 'tool_search_call', 'image_generation_call'],
    sessions: (truth) => texts(truth.first_session_meta_id),
    projects: (truth) => texts(truth.project_basenames),
  },
  gemini: {
    counts: (truth) => {
      const usage = numbers(truth.tokens_last_wins)
      const byStatus = numbers(truth.tool_calls_by_status)
      const { success: completed = 0, error: failed = 0, ...others } = byStatus
      return {
        tools: shown(truth.tool_calls_by_name),
        results: { completed, failed, unknown: Object.values(others).reduce((a, b) => a + b, 0) },
        prompts: number(truth.user_messages),
        tokens: tokensLess(usage.cached, usage.input, (usage.output ?? 0) + (usage.thoughts ?? 0)),
      }
    },
    sessions: (truth) => texts(truth.session_id),
    projects: () => [],
  },
  copilot: {
    counts: (truth) => {
      const failed = number(truth.tool_completions_failed)
      const tokens = noTokens()
      for (const { usage } of Object.values(truth.shutdown_modelMetrics as Record<string, { usage?: Numbers }>)) {
        if (!usage) continue
        const { inputTokens = 0, cacheReadTokens: cacheRead = 0, cacheWriteTokens: cacheWrite = 0 } = usage
        addTokens(tokens, { input: inputTokens - cacheRead - cacheWrite, output: 0, cacheRead, cacheWrite })
      }
      tokens.output = number(truth.sum_assistant_outputTokens)
      return {
        tools: shown(truth.tool_starts_by_name),
        results: { completed: number(truth.tool_completions) - failed, failed, unknown: 0 },
        prompts: number(truth.user_messages),
        tokens,
      }
    },
    sessions: (truth) => texts(truth.session_id),
    projects: (truth) => texts(truth.cwd),
  },
  qwen: {
    counts: (truth) => {
      const records = numbers(truth.records_by_type)
      const usage = numbers(truth.usage)
      const { promptTokenCount, candidatesTokenCount = 0, thoughtsTokenCount = 0, cachedContentTokenCount } = usage
      return {
        tools: shown(truth.tool_calls_by_name),
        // What a person types while it works has a subtype of its own; a notification is nobody's.
        prompts: (records.user ?? 0) + (records['user/mid_turn_user_message'] ?? 0),
        tokens: tokensLess(cachedContentTokenCount, promptTokenCount, candidatesTokenCount + thoughtsTokenCount),
      }
    },
    sessions: (truth) => texts(truth.session_ids),
    projects: (truth) => texts(truth.cwds),
  },
  pi: {
    counts: (truth) => {
      const { input = 0, output = 0, cacheRead = 0, cacheWrite = 0 } = numbers(truth.usage)
      const { ok: completed = 0, error: failed = 0 } = numbers(truth.tool_results)
      return {
        tools: shown(truth.tool_calls_by_name),
        results: { completed, failed, unknown: 0 },
        prompts: numbers(truth.roles).user ?? 0,
        tokens: { input, output, cacheRead, cacheWrite },
      }
    },
    sessions: (truth) => texts(truth.session_id),
    projects: (truth) => texts(truth.cwd),
  },
} // prettier-ignore

/** What some events come to. */
export function countOf(events: readonly Event[], { withoutResults = [] }: Partial<Measure> = {}): Counts {
  const counts: Counts = {
    tools: {},
    failures: {},
    results: { completed: 0, failed: 0, unknown: 0 },
    prompts: 0,
    errors: 0,
    tokens: noTokens(),
    tokensByModel: {},
  }
  for (const event of events) {
    const { eventType, payload } = event
    if (eventType === 'error') counts.errors++
    else if (eventType === 'tool') {
      const { tool, status } = payload
      if (status === 'started') counts.tools[tool] = (counts.tools[tool] ?? 0) + 1
      else if (!withoutResults.includes(tool)) counts.results[status]++
      if (status === 'failed') counts.failures[tool] = (counts.failures[tool] ?? 0) + 1
    } else if (eventType === 'activity' && payload.kind === 'prompt') counts.prompts++
    else if (eventType === 'activity' && payload.kind === 'response') {
      addTokens(counts.tokens, payload.tokens)
      // A message without a count of tokens is no part of the truth's models.
      if (weight(event) > 0) addTokens((counts.tokensByModel[payload.model] ??= noTokens()), payload.tokens)
    }
  }
  return counts
}

/** Those counts that another has too. */
export function asFar(counts: Counts, as: Partial<Counts>): Partial<Counts> {
  return Object.fromEntries(Object.entries(counts).filter(([name]) => name in as))
}

/** What is not as the truth of some files has it. */
interface Argued {
  /** Part of their paths. */
  files: string
  /** What the records say. */
  why: string
  counts: Partial<Counts>
  sessions?: readonly string[]
  projects?: readonly string[]
}

/** Where the truth is wrong, or counts what nobody can know, and what the records say. */
export const ARGUED: readonly Argued[] = [
  {
    files: 'testdata/codex/function_calls.jsonl',
    why:
      'two function_calls have the id call_test, shell_command at 10:00:05 and apply_patch at 10:05:00: one call, ' +
      'which the truth names by the later record. What was told of it at 10:00:05 is not taken back.',
    counts: { tools: { shell_command: 1 } },
  },
  {
    files: 'agents/codex/small.jsonl',
    why:
      'from the first record whose timestamp reads “[trimmed for fixture]” on all ids do too: a tool_search_call, a ' +
      'custom_tool_call and a function_call are one call, which the truth names by the last and we by the first. Two ' +
      'of its three prompts have that timestamp: nothing says when they were.',
    counts: {
      tools: { shell: 2, tool_search_call: 2, web_search_call: 1 },
      prompts: 1,
    },
  },
  {
    files: 'qwen/019f0000-0000-7000-8000-000000000005.jsonl',
    why: 'its one line holds two records, a prompt and an answer, which the truth takes for an invalid line.',
    counts: { prompts: 1 },
    projects: ['glued-project'],
  },
  {
    files: 'qwen/system_telemetry.jsonl',
    why: 'every timestamp reads “[trimmed for fixture]”: nothing says when its one call was.',
    counts: { tools: {} },
  },
  {
    files: 'pi/badlogic+pi-mono/before-compaction.jsonl',
    why:
      'its header, of 2025-12-09T00:53:29.825Z, says of what session it is a branch; all of its messages are older ' +
      'and were written in that session, whose id ends the name in branchedFrom.',
    counts: {},
    sessions: ['d97339c6-6c10-4827-846b-9ff1d9c3dc37'],
  },
  {
    files: 'malformed/missing_fields.jsonl',
    why: 'some of its records have no session id, and belong to the session of the file’s name.',
    counts: {},
    sessions: ['missing-001', 'missing_fields'],
  },
  {
    files: 'malformed/wrong_types.jsonl',
    why: 'some of its records have a number for a session id, and belong to the session of the file’s name.',
    counts: {},
    sessions: ['wrong-001', 'wrong_types'],
  },
  {
    files: 'agents/claude/small.jsonl',
    why: 'stage0-session stands only on a setting of the mode, which is no event.',
    counts: {},
    sessions: ['[trimmed for fixture]', 'ses_stage0_small'],
  },
]
