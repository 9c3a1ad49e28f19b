import type { Invented, Turns } from './invented.ts'

const TOOLS = ['read_file', 'read_file', 'replace', 'run_shell_command', 'search_file_content', 'write_file']
const HASH = '7f2decf157f79d8ff00c860d058f122e81f1ccfeafb615e136b13fa8a074cb28'

/** The messages of a session of Gemini CLI as it keeps them in a document, each complete. */
export function* geminiMessages(invented: Invented): Turns {
  const timed = (type: string) => ({ id: invented.uuid(), timestamp: invented.timestamp(), type })
  for (;;) {
    const turn: object[] = [{ ...timed('user'), content: invented.text(20 + invented.int(200)) }]
    for (let call = 0; call < 3; call++) {
      turn.push({ ...timed('gemini'), ...answer(invented), toolCalls: [geminiCall(invented)] })
    }
    turn.push({ ...timed('gemini'), ...answer(invented), content: invented.text(300) })
    yield turn
  }
}

/** The same session as later versions append it: a message again when its call is done, and what the model is sent. */
export function* geminiTurns(invented: Invented): Turns {
  const messages = geminiMessages(invented)
  let isFirst = true
  for (;;) {
    const turn: object[] = []
    if (isFirst) turn.push(header(invented))
    isFirst = false
    for (const message of messages.next().value as Message[]) {
      const { toolCalls, ...early } = message
      if (message.type === 'user') turn.push({ ...message, content: [{ text: message.content }] })
      else turn.push(early)
      turn.push({ $set: { lastUpdated: invented.timestamp() } })
      if (!toolCalls) continue
      turn.push(message)
      const content = toolCalls.flatMap(({ result }) => result)
      turn.push({ id: invented.uuid(), timestamp: invented.timestamp(), type: 'user', content })
    }
    yield turn
  }
}

/** A document of so many characters or a little more, as Gemini CLI writes it, indented. */
export function geminiDocument(characters: number, invented: Invented): string {
  const messages: string[] = []
  const turns = geminiMessages(invented)
  for (let length = 0; length < characters;) {
    for (const message of turns.next().value) {
      const text = JSON.stringify({ of: [message] }, null, 2)
      const own = text.slice(text.indexOf('[') + 2, text.lastIndexOf('\n  ]'))
      length += own.length
      messages.push(own)
    }
  }
  const head = JSON.stringify(header(invented), null, 2)
  return `${head.slice(0, -2)},\n  "messages": [\n${messages.join(',\n')}\n  ]\n}`
}

interface Message {
  type: string
  content: string
  toolCalls?: { result: object[] }[]
}

function header(invented: Invented): object {
  const startTime = invented.timestamp()
  return { sessionId: invented.sessionId, projectHash: HASH, startTime, lastUpdated: startTime }
}

function answer(invented: Invented): object {
  const tokens = {
    input: 1000 + invented.int(90_000),
    output: invented.int(2000),
    cached: invented.int(1000),
    thoughts: invented.int(200),
    tool: 0,
    total: 9,
  }
  const thoughts = [{ subject: invented.text(20), description: invented.text(300) }]
  return { content: '', thoughts, tokens, model: 'gemini-3-pro-preview' }
}

function geminiCall(invented: Invented): object {
  const name = invented.one(TOOLS)
  const id = `${name}-${invented.token(20)}`
  const output = invented.output()
  return {
    id,
    name,
    args: { file_path: invented.path(), content: invented.output() },
    result: [{ functionResponse: { id, name, response: { output } } }],
    status: invented.random() < 0.1 ? 'error' : 'success',
    timestamp: invented.timestamp(),
    resultDisplay: output,
    description: invented.text(60),
    displayName: name,
    renderOutputAsMarkdown: true,
  }
}
