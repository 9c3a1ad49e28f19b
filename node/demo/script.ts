/** The plays of the demo: what happens in a session, in seconds after its turn begins. All of it is made up. */

/** One of the team; also the name of the folder that is their home. */
export type PersonId = 'ada' | 'bruno' | 'chiyo' | 'dana' | 'emi' | 'finn'

/** Whose form a session's files have. */
export type DemoAssistant = 'claude' | 'codex' | 'gemini'

/** What a tool is given; a file is a path in the repository. */
interface Call {
  tool: string
  file?: string
  input?: Record<string, unknown>
}

export type Step =
  | { kind: 'prompt'; at: number; text: string }
  /** The assistant says something and goes on. */
  | { kind: 'say'; at: number; text: string }
  /** The assistant has said all, and the turn is the person's. */
  | { kind: 'done'; at: number; text: string }
  | ({ kind: 'tool'; at: number; tookS: number; failure?: string } & Call)
  /** The assistant may not do something before the person allows it, which takes `waitS`. */
  | ({ kind: 'permission'; at: number; waitS: number; tookS: number } & Call)
  /** The assistant asks, and the person takes `waitS` to answer. */
  | { kind: 'question'; at: number; waitS: number; text: string; answer: string }
  /** A subagent; its steps are in seconds after its own beginning. */
  | {
      kind: 'agent'
      at: number
      tookS: number
      agentType: string
      task: string
      model: string
      steps: Step[]
    }
  | { kind: 'error'; at: number; error: 'rate_limit' | 'overloaded' | 'server_error'; text: string }
  | { kind: 'compaction'; at: number }

/** From a prompt to the end of what follows from it. */
export type Turn = readonly Step[]

export interface Script {
  who: PersonId
  assistant: DemoAssistant
  repository: string
  branch: string
  /** What the assistant calls the session. */
  title: string
  model: string
  /** Minutes before the demo between which the session went through its turns already, more slowly. */
  earlier: { from: number; until: number }
  /** Seconds of the turns that are over when the demo begins. */
  headStartS: number
  turns: readonly Turn[]
}

/** Models of the demo. */
export const OPUS = 'claude-opus-4-6'
export const SONNET = 'claude-sonnet-4-6'
export const HAIKU = 'claude-haiku-4-5-20251001'
export const GPT = 'gpt-5.3-codex'
export const GEMINI = 'gemini-3.1-pro-preview'

export const prompt = (at: number, text: string): Step => ({ kind: 'prompt', at, text })
export const say = (at: number, text: string): Step => ({ kind: 'say', at, text })
export const done = (at: number, text: string): Step => ({ kind: 'done', at, text })
export const read = (at: number, file: string): Step => ({ kind: 'tool', at, tookS: 0.4, tool: 'Read', file })
export const edit = (at: number, file: string): Step => ({ kind: 'tool', at, tookS: 0.8, tool: 'Edit', file })
export const write = (at: number, file: string): Step => ({
  kind: 'tool',
  at,
  tookS: 0.9,
  tool: 'Write',
  file,
})
export const grep = (at: number, pattern: string): Step => {
  return { kind: 'tool', at, tookS: 0.5, tool: 'Grep', input: { pattern } }
}
/** A command; with `failure`, what it said as it failed. */
export const bash = (at: number, command: string, tookS: number, failure?: string): Step => {
  return {
    kind: 'tool',
    at,
    tookS,
    tool: 'Bash',
    input: { command },
    ...(failure !== undefined && { failure }),
  }
}
/** An edit of something that is not there any more. */
export const missedEdit = (at: number, file: string): Step => {
  const failure = '<tool_use_error>String to replace not found in file.</tool_use_error>'
  return { kind: 'tool', at, tookS: 0.6, tool: 'Edit', file, failure }
}
/** A command that somebody has to allow. */
export const permission = (at: number, waitS: number, command: string, tookS: number): Step => {
  return { kind: 'permission', at, waitS, tookS, tool: 'Bash', input: { command } }
}
export const question = (at: number, waitS: number, text: string, answer: string): Step => {
  return { kind: 'question', at, waitS, text, answer }
}
export const agent = (at: number, tookS: number, agentType: string, task: string, steps: Step[]): Step => {
  return { kind: 'agent', at, tookS, agentType, task, model: HAIKU, steps }
}
export const compaction = (at: number): Step => ({ kind: 'compaction', at })
export const error = (at: number, kind: 'rate_limit' | 'overloaded' | 'server_error', text: string): Step => {
  return { kind: 'error', at, error: kind, text }
}

/** How long a step takes, in seconds. */
function lengthOf(step: Step): number {
  switch (step.kind) {
    case 'tool':
    case 'agent':
      return step.tookS
    case 'permission':
      return step.waitS + step.tookS
    case 'question':
      return step.waitS
    default:
      return 0
  }
}

/** How long a turn takes, in seconds. */
export function turnLength(turn: Turn): number {
  return Math.max(...turn.map((step) => step.at + lengthOf(step)))
}
