import type { EventRow, SessionRow } from '../../core/api.ts'
import type { Assistant, EventType } from '../../core/events.ts'
import { tokenSum } from '../../core/events.ts'
import { count, duration, plural, took } from './time.ts'

/** What an event says in one line: `Edit`, `invite.ts`, `failed`. */
export interface Line {
  main: string
  detail?: string
  after?: string
  tone?: 'error' | 'asks'
}

export const ASSISTANT_NAMES: Record<Assistant, string> = {
  claude: 'Claude Code',
  codex: 'Codex',
  gemini: 'Gemini CLI',
  opencode: 'OpenCode',
  copilot: 'Copilot CLI',
  qwen: 'Qwen Code',
  pi: 'Pi',
  droid: 'Droid',
}

const WAITS = {
  permission: { main: 'asks for permission', tone: 'asks' },
  question: { main: 'asks a question', tone: 'asks' },
  turn: { main: 'turn over', detail: 'ready for review' },
  unknown: { main: 'waits' },
} as const

const ERRORS = {
  api: 'API error',
  'rate-limit': 'rate limit reached',
  overloaded: 'model overloaded',
  auth: 'not signed in',
  network: 'network error',
  other: 'error',
} as const

export function describe(event: EventRow): Line {
  switch (event.eventType) {
    case 'session':
      return { main: event.payload.action }
    case 'activity':
      return describeActivity(event.payload)
    case 'tool': {
      const { tool, context, status, durationMs } = event.payload
      const time = durationMs === undefined ? '' : ` in ${took(durationMs)}`
      return {
        main: tool,
        ...(context !== undefined && { detail: context }),
        after: status === 'unknown' ? 'outcome unknown' : `${status}${time}`,
        ...(status === 'failed' && { tone: 'error' as const }),
      }
    }
    case 'agent': {
      const { agentType, state } = event.payload
      return { main: `subagent ${state}`, ...(agentType !== undefined && { detail: agentType }) }
    }
    case 'summary': {
      const { tools, failures, durationMs } = event.payload.totals
      const failed = failures ? `, ${count(failures)} failed` : ''
      return { main: 'Session ended', detail: `${plural(tools, 'tool')}${failed}, ${duration(durationMs)}` }
    }
    case 'error':
      return { main: ERRORS[event.payload.category], tone: 'error' }
  }
}

function describeActivity(payload: Extract<EventRow, { eventType: 'activity' }>['payload']): Line {
  switch (payload.kind) {
    case 'prompt':
      return { main: 'prompt' }
    case 'response':
      return { main: plural(tokenSum(payload.tokens), 'token'), detail: payload.model }
    case 'waiting':
      return WAITS[payload.reason]
    case 'compaction':
      return { main: 'context compacted' }
  }
}

/** How a session stands, in a word or two. */
export function stateWord({ state, needs }: Pick<SessionRow, 'state' | 'needs'>): string {
  if (needs === 'answer') return 'needs an answer'
  if (needs === 'review') return 'to review'
  return { active: 'active', waiting: 'waiting', inactive: 'idle', ended: 'ended' }[state]
}

/** How many sessions wait for a person's answer; '' for none. */
export function answersWord(answers: number): string {
  return answers ? `${count(answers)} ${answers === 1 ? 'needs' : 'need'} an answer` : ''
}

/** What a session did last: `Edit invite.ts`. */
export function lastLine({ last, needs }: Pick<SessionRow, 'last' | 'needs'>): {
  main: string
  detail: string
} {
  const word = last && (needs ? NEEDS_WORDS[needs] : LAST_WORDS[last.eventType])
  const main = last?.tool ?? word ?? ''
  return { main, detail: last?.context ?? '' }
}

const NEEDS_WORDS = { answer: 'asked', review: 'turn over' } as const

const LAST_WORDS: Record<EventType, string> = {
  session: 'started',
  activity: 'thinking',
  tool: 'tool',
  agent: 'subagent',
  summary: 'ended',
  error: 'error',
}
