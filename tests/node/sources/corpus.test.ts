import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Event, Tokens } from '../../../core/events.ts'
import { weight } from '../../../core/events.ts'
import { projectName, toolName } from '../../../core/shapes.ts'
import { ADAPTERS } from '../../../node/sources/adapters.ts'
import { readBatch } from '../../../node/sources/batch.ts'
import { nativeBlake2b } from '../../../node/sources/native-hash.ts'
import { Projects } from '../../../node/sources/projects.ts'
import { collected, testRule } from './adapter-acceptance.ts'

/**
 * Counts over real session files against a truth that was counted by another program. The files are other people's and
 * not part of the project: `VIBETEA_CORPUS` names their folder. Without it only the counting itself is tested.
 */

interface Usage {
  input?: number
  output?: number
  cache_creation?: number
  cache_read?: number
}

interface Truth {
  tool_uses_by_name: Record<string, number>
  tool_results_is_error: number
  tool_results_is_error_by_tool: Record<string, number>
  user_prompts: number
  usage_last_wins: Usage
  usage_by_model_last_wins: Record<string, Usage>
  session_ids: string[]
  project_basenames: string[]
  secrets: { s: string }[]
}

/** What both sides come to; tools and models under the names in which they may be shown. */
interface Counts {
  tools: Record<string, number>
  failures: Record<string, number>
  prompts: number
  tokens: Tokens
  tokensByModel: Record<string, Tokens>
}

const none = (): Tokens => ({ input: 0, output: 0, cacheRead: 0, cacheWrite: 0 })

function add(sum: Tokens, more: Tokens): void {
  for (const key of ['input', 'output', 'cacheRead', 'cacheWrite'] as const) sum[key] += more[key]
}

function countOf(events: readonly Event[]): Counts {
  const counts: Counts = { tools: {}, failures: {}, prompts: 0, tokens: none(), tokensByModel: {} }
  for (const { eventType, payload } of events) {
    if (eventType === 'tool') {
      const sums = { started: counts.tools, failed: counts.failures, completed: null, unknown: null }
      const sum = sums[payload.status]
      if (sum) sum[payload.tool] = (sum[payload.tool] ?? 0) + 1
    } else if (eventType === 'activity' && payload.kind === 'prompt') {
      counts.prompts++
    } else if (eventType === 'activity' && payload.kind === 'response') {
      add(counts.tokens, payload.tokens)
      // A message without a count of tokens is no part of the truth's models.
      if (weight({ eventType, payload } as Event) > 0) {
        add((counts.tokensByModel[payload.model] ??= none()), payload.tokens)
      }
    }
  }
  return counts
}

function expected(truth: Truth): Counts {
  const models = Object.entries(truth.usage_by_model_last_wins)
    .map(([model, usage]) => [model, tokensOf(usage)] as const)
    .filter(([, tokens]) => Object.values(tokens).some((count) => count > 0))
  return {
    tools: shown(truth.tool_uses_by_name),
    failures: shown(truth.tool_results_is_error_by_tool),
    prompts: truth.user_prompts,
    tokens: tokensOf(truth.usage_last_wins),
    tokensByModel: Object.fromEntries(models),
  }
}

function shown(byTool: Record<string, number>): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const [tool, count] of Object.entries(byTool))
    sums[toolName(tool)] = (sums[toolName(tool)] ?? 0) + count
  return sums
}

function tokensOf(usage: Usage): Tokens {
  return {
    input: usage.input ?? 0,
    output: usage.output ?? 0,
    cacheRead: usage.cache_read ?? 0,
    cacheWrite: usage.cache_creation ?? 0,
  }
}

/** Which of some texts stand in the events, as they are or as they would stand in JSON. */
function leaked(events: readonly Event[], secrets: readonly { s: string }[]): string[] {
  const raw = events.map((event) => JSON.stringify(event)).join('\n')
  const twice = JSON.stringify(raw)
  return secrets.flatMap(({ s }) => {
    const escaped = JSON.stringify(s).slice(1, -1)
    return [s, escaped].some((form) => raw.includes(form) || twice.includes(form)) ? s : []
  })
}

test('a text that stands in an event is found, raw and escaped', () => {
  const event = { id: 'say "tea"\n' } as Event
  expect(leaked([event], [{ s: 'say "tea"\n' }, { s: 'coffee' }])).toEqual(['say "tea"\n'])
})

const corpus = process.env.VIBETEA_CORPUS
if (corpus) {
  const truths = JSON.parse(readFileSync(join(corpus, 'TRUTH.json'), 'utf8')) as Record<string, Truth>
  const ours = Object.keys(truths).filter((path) => path.startsWith('claude/') && path.endsWith('.jsonl'))
  const rule = testRule()
  const projects = new Projects({
    tagKey: new Uint8Array(32),
    hash: nativeBlake2b,
    homeDirectory: '/nowhere',
    runGit: () => Promise.resolve(null),
  })
  const read = (...paths: string[]) =>
    collected(
      readBatch(paths, { adapters: ADAPTERS, projects, rule, now: Date.parse('2027-01-01T00:00:00Z') }),
    )
  const fromFile = new Map<string, Event[]>()
  const eventsIn = async (path: string): Promise<Event[]> => {
    const events = fromFile.get(path) ?? (await read(join(corpus, path)))
    fromFile.set(path, events)
    return events
  }
  const idOf = (session: string) => rule.sessionId('claude', session)

  /**
   * Sessions that the truth does not list as it lists only ids that are text: records without one, or with a number for
   * one, belong to the session of the file's name.
   */
  const ALSO_UNNAMED = ['malformed/missing_fields.jsonl', 'malformed/wrong_types.jsonl']
  /** Ids that stand only on records that are no event: here on settings of the mode. */
  const WITHOUT_EVENTS: Record<string, string[]> = { 'claude/small.jsonl': ['stage0-session'] }

  describe.each(ours)('%s', (path) => {
    const truth = truths[path]!

    test('has every tool, failure, prompt and token of the truth', async () => {
      expect(countOf(await eventsIn(path))).toEqual(expected(truth))
    })

    test('has the truth’s sessions and projects', async () => {
      const events = await eventsIn(path)
      const named = truth.session_ids.filter(
        (id) => !Object.entries(WITHOUT_EVENTS).some(([end, ids]) => path.endsWith(end) && ids.includes(id)),
      )
      const isUnnamed = named.length === 0 || ALSO_UNNAMED.some((end) => path.endsWith(end))
      const sessions = [...named, ...(isUnnamed ? [basename(path, '.jsonl')] : [])].map(idOf)
      const found = new Set(events.map(({ payload }) => payload.sessionId))
      expect(found).toEqual(new Set(events.length > 0 ? sessions : []))

      const known = truth.project_basenames.map(projectName)
      const used = new Set(events.map(({ payload }) => payload.project))
      // Who changes the directory within a session stays in the project where it began.
      if (known.length > 1) expect(known).toEqual(expect.arrayContaining([...used]))
      else if (events.length > 0) expect(used).toEqual(new Set(known.length > 0 ? known : ['project']))
    })

    test('lets none of its secrets pass', async () => {
      expect(leaked(await eventsIn(path), truth.secrets)).toEqual([])
    })
  })

  describe('the whole folder', () => {
    test('has each thing once, however many files repeat it', async () => {
      const heaviest = new Map<string, Event>()
      for (const path of ours) {
        for (const event of await eventsIn(path)) {
          const before = heaviest.get(event.id)
          if (!before || weight(event) > weight(before)) heaviest.set(event.id, event)
        }
      }
      const whole = await read(join(corpus, 'claude'))
      expect(new Set(whole.map(({ id }) => id)).size).toBe(whole.length)
      expect(countOf(whole)).toEqual(countOf([...heaviest.values()]))
      expect(namesIn(ours.map((path) => join(corpus, path)))).toEqual({
        calls: whole.filter(({ eventType, payload }) => eventType === 'tool' && payload.status === 'started')
          .length,
        failures: whole.filter(
          ({ eventType, payload }) => eventType === 'tool' && payload.status === 'failed',
        ).length,
      })
      expect(whole).toEqual([...whole].sort(byTimeAndId))
    })

    test('lets no secret of any assistant pass', async () => {
      const secrets = Object.values(truths).flatMap((truth) => truth.secrets)
      const found = new Set(leaked(await read(corpus), secrets))
      expect([...found].filter((secret) => !isName(secret))).toEqual([])
    })

    test('holds other assistants’ files, which Claude Code’s adapter leaves alone', async () => {
      for (const assistant of ['codex', 'copilot', 'cursor', 'droid', 'gemini', 'opencode', 'pi', 'qwen']) {
        const events = await read(join(corpus, assistant))
        expect(events.filter(({ payload }) => payload.assistant === 'claude')).toEqual([])
      }
    })
  })
}

/** A short word of one file can be another file's base name or branch. */
function isName(secret: string): boolean {
  return /^[A-Za-z0-9._-]{1,24}$/.test(secret)
}

function byTimeAndId(a: Event, b: Event): number {
  return a.timestamp < b.timestamp || (a.timestamp === b.timestamp && a.id < b.id) ? -1 : 1
}

/**
 * Distinct calls and failed calls by the records alone, without any of the code that is tested. An id like `toolu_1`
 * (hand-made files have them, and so do proxies) is another call in another session.
 */
function namesIn(paths: readonly string[]): { calls: number; failures: number } {
  const calls = new Set<string>()
  const failures = new Set<string>()
  for (const path of paths) {
    for (const line of readFileSync(path, 'utf8').split('\n')) {
      // Two records on one line: the second was appended to a line without its end.
      for (const part of line.replaceAll('}{"', '}\n{"').split('\n')) {
        let record: { type?: string; sessionId?: string; message?: { content?: unknown } }
        try {
          record = JSON.parse(part) as typeof record
        } catch {
          // What cannot be read holds no call.
          continue
        }
        const content = record.message?.content
        if (!Array.isArray(content)) continue
        const session = record.sessionId ?? basename(path)
        for (const { type, id, tool_use_id: resultOf, is_error: isError } of content as Block[]) {
          if (record.type === 'assistant' && type === 'tool_use' && id) calls.add(keyOf(id, session))
          if (record.type === 'user' && isError === true && resultOf) failures.add(keyOf(resultOf, session))
        }
      }
    }
  }
  return { calls: calls.size, failures: failures.size }
}

interface Block {
  type?: string
  id?: string
  tool_use_id?: string
  is_error?: boolean
}

function keyOf(id: string, session: string): string {
  return id.replace(/^[a-z]+_/, '').length >= 16 ? id : `${session} ${id}`
}
