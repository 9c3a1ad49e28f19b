import type { Json, TreeFile } from './opencode-fixture.ts'

/**
 * The story of the tea house, as OpenCode 1.1 wrote it: a conversation with a subagent, a call that failed and one that was
 * refused, a compaction, a failed request, an interrupt, an open question; and a fork of it. Whatever must not be seen in
 * it contains `SECRET`.
 */

const BEGAN = Date.parse('2026-03-14T15:00:00.000Z')
const at = (seconds: number) => BEGAN + Math.round(seconds * 1000)
const PROJECT = '9d3f5a07c1e2b48869'
const TAILS = [
  'Ab3dEf6hIj9kLm',
  'Qr2sTu5vWx8yZa',
  'Bc4dFg7hJk1lMn',
  'Pq0rSt3uVw6xYz',
  'De5fGh8iKl2mNo',
  'Rs1tUv4wXy7zAb',
]

/** The conversation, its subagent's, and its fork. */
export const S = {
  tea: 'ses_31d0a7c5effeKw2mTe8HsQ4vBn',
  taster: 'ses_31d0a6b14ffe9TsR5yXc3LdWqZ',
  fork: 'ses_31cf92e08ffeU7nFk1PaYb6GmJ',
}

const files: TreeFile[] = []
let count = 0

/** As OpenCode makes ids: the time in twelve hexadecimal digits, and what is random. */
function id(kind: 'msg' | 'prt', seconds: number): string {
  const time = (at(seconds) * 4096 + ++count) % 2 ** 48
  return `${kind}_${time.toString(16).padStart(12, '0')}${TAILS[count % TAILS.length]!}`
}

function session(sid: string, more: Json): void {
  const value = {
    id: sid,
    slug: 'SECRET-quiet-kettle',
    version: '1.1.53',
    projectID: PROJECT,
    directory: '/home/ada/teahouse',
    ...more,
  }
  files.push({ path: `session/${PROJECT}/${sid}.json`, kind: 'session', value })
}

function message(sid: string, seconds: number, more: Json): string {
  const mid = id('msg', seconds)
  files.push({
    path: `message/${sid}/${mid}.json`,
    kind: 'message',
    value: { id: mid, sessionID: sid, ...more },
  })
  return mid
}

function part(sid: string, mid: string, seconds: number, more: Json): void {
  const pid = id('prt', seconds)
  const value = { id: pid, sessionID: sid, messageID: mid, ...more }
  files.push({ path: `part/${mid}/${pid}.json`, kind: 'part', value })
}

function user(sid: string, seconds: number, more: Json = {}): string {
  const diffs = [{ file: 'SECRET.ts', before: 'SECRET', after: 'SECRET', additions: 1, deletions: 0 }]
  return message(sid, seconds, {
    role: 'user',
    time: { created: at(seconds) },
    summary: { title: 'SECRET title', diffs },
    agent: 'build',
    model: { providerID: 'anthropic', modelID: 'claude-sonnet-4-5' },
    ...more,
  })
}

function assistant(
  sid: string,
  parentID: string,
  from: number,
  to: number | null,
  tokens: Json,
  more: Json = {},
): string {
  return message(sid, from, {
    role: 'assistant',
    time: { created: at(from), ...(to !== null && { completed: at(to) }) },
    parentID,
    modelID: 'claude-sonnet-4-5',
    providerID: 'anthropic',
    mode: 'build',
    agent: 'build',
    path: { cwd: '/home/ada/teahouse', root: '/home/ada/teahouse' },
    cost: 0.01,
    tokens,
    ...more,
  })
}

function tok(
  input: number,
  output: number,
  reasoning: number,
  read: number,
  write: number,
  total?: number,
): Json {
  return { ...(total !== undefined && { total }), input, output, reasoning, cache: { read, write } }
}

function text(sid: string, mid: string, seconds: number, words: string, more: Json = {}): void {
  part(sid, mid, seconds, { type: 'text', text: words, ...more })
}

function tool(sid: string, mid: string, seconds: number, callID: string, name: string, state: Json): void {
  part(sid, mid, seconds, { type: 'tool', callID, tool: name, state })
}

function done(from: number, to: number, input: Json, more: Json = {}): Json {
  const time = { start: at(from), end: at(to) }
  return {
    status: 'completed',
    input,
    output: 'SECRET output',
    title: 'SECRET title',
    metadata: { output: 'SECRET' },
    time,
    ...more,
  }
}

function failed(from: number, to: number, input: Json, error: string): Json {
  return { status: 'error', input, error, time: { start: at(from), end: at(to) } }
}

session(S.tea, {
  title: 'Kettle that whistles SECRET',
  time: { created: at(0), updated: at(300) },
  share: { url: 'https://SECRET.example/s/x' },
})
const u1 = user(S.tea, 1)
text(S.tea, u1, 1, 'Make the kettle whistle, says SECRET')
text(S.tea, u1, 1, 'Called the Read tool: SECRET', { synthetic: true })
part(S.tea, u1, 1, {
  type: 'file',
  mime: 'text/plain',
  filename: 'SECRET.md',
  url: 'file:///home/ada/SECRET.md',
  source: { type: 'file', path: '/home/ada/SECRET.md', text: { value: '@SECRET.md', start: 0, end: 10 } },
})
const a1 = assistant(S.tea, u1, 1.2, 9, tok(120, 40, 8, 5000, 300), { finish: 'tool-calls' })
part(S.tea, a1, 2, { type: 'step-start', snapshot: 'SECRETsnapshot' })
part(S.tea, a1, 2, { type: 'reasoning', text: 'SECRET thought', time: { start: at(2), end: at(3) } })
text(S.tea, a1, 3, 'I shall look at SECRET', { time: { start: at(3), end: at(3.5) } })
tool(
  S.tea,
  a1,
  4,
  'toolu_01Kt5mWq8ZrXn2Hs6VbYcD4e',
  'read',
  done(4, 4.25, { filePath: '/home/ada/teahouse/kettle.ts' }),
)
tool(
  S.tea,
  a1,
  5,
  'toolu_01Jp7Nw3QsYd9Rk2MfTgA6xb',
  'bash',
  done(5, 8, { command: 'make SECRET', description: 'SECRET' }, { metadata: { output: 'SECRET', exit: 0 } }),
)
part(S.tea, a1, 9, {
  type: 'step-finish',
  reason: 'tool-calls',
  snapshot: 'SECRETsnapshot',
  cost: 0.01,
  tokens: tok(120, 40, 8, 5000, 300),
})
part(S.tea, a1, 9, { type: 'patch', hash: 'SECRETpatch', files: ['/home/ada/teahouse/SECRET.ts'] })
const a2 = assistant(S.tea, u1, 9.1, 40, tok(60, 25, 0, 5400, 0), { finish: 'tool-calls' })
tool(
  S.tea,
  a2,
  10,
  'toolu_01Vx4Hd8LmPq3Tz7KsNwR5yc',
  'task',
  done(
    10,
    30,
    { description: 'SECRET', prompt: 'Taste SECRET', subagent_type: 'explore' },
    { metadata: { sessionId: S.taster } },
  ),
)
tool(
  S.tea,
  a2,
  31,
  'toolu_01Bf9Gk2WsMn6Jd4XpQhC8vr',
  'edit',
  failed(
    31,
    31.5,
    { filePath: '/home/ada/teahouse/lid.ts', oldString: 'SECRET', newString: 'SECRET' },
    'Error: oldString not found: SECRET',
  ),
)
tool(
  S.tea,
  a2,
  32,
  'toolu_01Zc6Ty1RvKd5Wb3HnXjS7mq',
  'write',
  failed(
    32,
    39,
    { filePath: '/home/ada/teahouse/whistle.ts', content: 'SECRET' },
    'Error: The user rejected permission to use this specific tool call. SECRET',
  ),
)
const a3 = assistant(S.tea, u1, 40.1, 45, tok(10, 30, 10, 6000, 0, 6040), {
  finish: 'stop',
  modelID: 'gpt-5.1-codex',
  providerID: 'openai',
})
text(S.tea, a3, 42, 'It whistles, SECRET', { time: { start: at(42), end: at(45) } })

session(S.taster, {
  parentID: S.tea,
  title: 'SECRET (@explore subagent)',
  time: { created: at(10.1), updated: at(29) },
})
const c1 = user(S.taster, 10.2, { agent: 'explore' })
text(S.taster, c1, 10.2, 'Taste SECRET')
const c2 = assistant(S.taster, c1, 10.4, 29, tok(300, 50, 0, 0, 700), {
  finish: 'stop',
  mode: 'explore',
  agent: 'explore',
})
tool(
  S.taster,
  c2,
  12,
  'toolu_01Lw3Xs9QnBd7Ph5GkVtF2yj',
  'grep',
  done(12, 12.4, { pattern: 'SECRET', path: '/home/ada/teahouse/menus' }),
)

const u2 = user(S.tea, 60)
part(S.tea, u2, 60, { type: 'compaction', auto: false })
const a4 = assistant(S.tea, u2, 60.2, 70, tok(6100, 400, 0, 0, 0), {
  finish: 'stop',
  summary: true,
  mode: 'compaction',
  agent: 'compaction',
})
text(S.tea, a4, 65, 'SECRET summary', { time: { start: at(62), end: at(70) } })

const u3 = user(S.tea, 100)
text(S.tea, u3, 100, 'And now the cups, SECRET')
const a5 = assistant(S.tea, u3, 100.2, 101, tok(0, 0, 0, 0, 0), {
  error: {
    name: 'APIError',
    data: {
      message: 'SECRET said too many requests',
      statusCode: 429,
      isRetryable: false,
      responseBody: 'SECRET',
    },
  },
})
part(S.tea, a5, 100.5, {
  type: 'retry',
  attempt: 1,
  error: { name: 'APIError', data: { message: 'SECRET is overloaded', isRetryable: true } },
  time: { created: at(100.5) },
})

const u4 = user(S.tea, 200)
text(S.tea, u4, 200, 'Try again, SECRET')
const a6 = assistant(S.tea, u4, 200.2, 210, tok(70, 5, 0, 200, 0), {
  error: { name: 'MessageAbortedError', data: { message: 'SECRET aborted' } },
})
tool(
  S.tea,
  a6,
  205,
  'toolu_01Mt8Rq2KyWc4Zn6DsJvB9hp',
  'webfetch',
  failed(210, 210, { url: 'https://SECRET.example' }, 'Tool execution aborted'),
)
const u5 = user(S.tea, 220)
text(S.tea, u5, 220, 'The lid instead, SECRET')
const a7 = assistant(S.tea, u5, 220.2, null, tok(0, 0, 0, 0, 0))
tool(S.tea, a7, 225, 'toolu_01Hg5Yb3VxPk9Ls7TnQwM2fd', 'question', {
  status: 'running',
  input: { questions: [{ question: 'SECRET?', header: 'SECRET', options: [] }] },
  time: { start: at(225) },
})
tool(S.tea, a7, 226, 'toolu_01Nd7Kc4SfXt2Wq8RbVzG5my', 'edit', {
  status: 'pending',
  input: {},
  raw: 'SECRET',
})

// A fork: the first two messages of the other session again, under other ids, and what followed in it.
session(S.fork, {
  title: 'Kettle that whistles SECRET (fork #1)',
  time: { created: at(400), updated: at(420) },
})
const f1 = user(S.fork, 400, { time: { created: at(1) } })
text(S.fork, f1, 400, 'Make the kettle whistle, says SECRET')
const f2 = assistant(S.fork, f1, 400, null, tok(120, 40, 8, 5000, 300), {
  time: { created: at(1.2), completed: at(9) },
  finish: 'tool-calls',
})
tool(
  S.fork,
  f2,
  400,
  'toolu_01Kt5mWq8ZrXn2Hs6VbYcD4e',
  'read',
  done(4, 4.25, { filePath: '/home/ada/teahouse/kettle.ts' }),
)
const f3 = user(S.fork, 401)
text(S.fork, f3, 401, 'Rather a gong, SECRET')
const f4 = assistant(S.fork, f3, 401.2, 405, tok(33, 7, 0, 5200, 0), { finish: 'stop' })
tool(S.fork, f4, 403, 'call_1', 'write', done(403, 404, { filePath: 'gong.ts', content: 'SECRET' }))
const f5 = user(S.fork, 410)
text(S.fork, f5, 410, 'The following tool was executed by the user SECRET', { synthetic: true })
const f6 = assistant(S.fork, f5, 410.1, 412, tok(0, 0, 0, 0, 0))
tool(S.fork, f6, 410.2, '01KKPW9V4D8Z2QJ6R0T5XH3NBM', 'bash', done(410.2, 412, { command: 'ls SECRET' }))

/** All documents of it: sessions, messages and parts, each as it was in the end. */
export const OPENCODE_STORY: readonly TreeFile[] = files
