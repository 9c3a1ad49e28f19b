import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { SqlValue } from '../../../node/sqlite.ts'
import { Database } from '../../../node/sqlite.ts'
import { Invented } from './invented.ts'

const TOOLS = ['read', 'read', 'edit', 'bash', 'bash', 'grep', 'write']
const PROJECT = '9d3f5a07c1e2b48869'

/** What OpenCode keeps one by one: in a table, or in a document. */
export interface OpenCodeThing {
  kind: 'session' | 'message' | 'part'
  id: string
  sessionId: string
  /** Of a part. */
  messageId: string
  createdAt: number
  data: Record<string, unknown>
}

/** A session of OpenCode, turn by turn, without end: messages and their parts. */
export function* openCodeTurns(invented: Invented): Generator<OpenCodeThing[], never> {
  const sessionId = `ses_${invented.token(26)}`
  const { cwd } = invented
  let isFirst = true
  for (;;) {
    const turn: OpenCodeThing[] = []
    const put = (kind: OpenCodeThing['kind'], id: string, messageId: string, data: Record<string, unknown>) =>
      turn.push({ kind, id, sessionId, messageId, createdAt: invented.time(), data })
    const message = (data: Record<string, unknown>) => {
      const id = `msg_${invented.token(26)}`
      put('message', id, id, data)
      return id
    }
    const part = (messageId: string, data: Record<string, unknown>) =>
      put('part', `prt_${invented.token(26)}`, messageId, data)
    if (isFirst) {
      const time = { created: invented.time(), updated: invented.time() }
      put('session', sessionId, '', {
        version: '1.1.53',
        projectID: PROJECT,
        directory: cwd,
        title: 'Tea',
        time,
      })
    }
    isFirst = false
    const asked = message({ role: 'user', time: { created: invented.time() }, agent: 'build' })
    part(asked, { type: 'text', text: invented.text(20 + invented.int(200)) })
    for (let call = 0; call < 3; call++) {
      const tokens = {
        input: invented.int(50),
        output: invented.int(2000),
        reasoning: 0,
        cache: { read: invented.int(90_000), write: invented.int(9000) },
      }
      const id = message({
        role: 'assistant', time: { created: invented.time(), completed: invented.time() }, parentID: asked,
        modelID: 'claude-sonnet-4-5', providerID: 'anthropic', mode: 'build', path: { cwd, root: cwd }, cost: 0.01,
        tokens, finish: 'tool-calls',
      }) // prettier-ignore
      part(id, { type: 'step-start' })
      part(id, { type: 'reasoning', text: invented.output(), time: { start: 1, end: 2 } })
      const isError = invented.random() < 0.1
      part(id, {
        type: 'tool',
        callID: `toolu_01${invented.token(22)}`,
        tool: invented.one(TOOLS),
        state: {
          status: isError ? 'error' : 'completed',
          input: { filePath: invented.path(), content: invented.output() },
          [isError ? 'error' : 'output']: invented.output(),
          title: invented.text(40),
          metadata: {},
          time: { start: invented.time(), end: invented.time() },
        },
      })
      part(id, { type: 'step-finish', reason: 'tool-calls', tokens, cost: 0.01 })
    }
    yield turn
  }
}

/** Writes things into OpenCode's tree of documents; `storage` is its folder. The files. */
export function writeOpenCodeTree(storage: string, things: readonly OpenCodeThing[]): string[] {
  return things.map(({ kind, id, sessionId, messageId, data }) => {
    const folder = { session: PROJECT, message: sessionId, part: messageId }[kind]
    const path = join(storage, kind, folder, `${id}.json`)
    const owner = {
      session: {},
      message: { sessionID: sessionId },
      part: { sessionID: sessionId, messageID: messageId },
    }
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, JSON.stringify({ id, ...owner[kind], ...data }, null, 2))
    return path
  })
}

const TABLES = `
  CREATE TABLE session (id text PRIMARY KEY, project_id text NOT NULL, parent_id text, slug text NOT NULL,
    directory text NOT NULL, title text NOT NULL, version text NOT NULL, time_created integer NOT NULL,
    time_updated integer NOT NULL);
  CREATE TABLE message (id text PRIMARY KEY, session_id text NOT NULL, time_created integer NOT NULL,
    time_updated integer NOT NULL, data text NOT NULL);
  CREATE TABLE part (id text PRIMARY KEY, message_id text NOT NULL, session_id text NOT NULL,
    time_created integer NOT NULL, time_updated integer NOT NULL, data text NOT NULL);
  CREATE INDEX message_session_time_created_id_idx ON message (session_id, time_created, id);
  CREATE INDEX part_message_id_id_idx ON part (message_id, id);
`

/** Makes OpenCode's database of sessions that have so many characters in all. The number of rows. */
export async function makeOpenCodeDatabase(path: string, characters: number): Promise<number> {
  mkdirSync(dirname(path), { recursive: true })
  const database = await Database.open(path)
  let rows = 0
  let length = 0
  await database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; ${TABLES}`)
  for (let seed = 0; length < characters; seed++) {
    const turns = openCodeTurns(new Invented(seed))
    await database.transaction(async () => {
      for (let turn = 0; turn < 50; turn++) {
        for (const thing of turns.next().value) {
          const [sql, values] = insertionOf(thing)
          length += String(values.at(-1)).length
          rows += await database.run(sql, values)
        }
      }
    })
  }
  await database.close()
  return rows
}

function insertionOf(thing: OpenCodeThing): [sql: string, values: SqlValue[]] {
  const { kind, id, sessionId, messageId, createdAt: at, data } = thing
  if (kind === 'session') {
    const sql = `INSERT INTO session (id, project_id, slug, directory, version, time_created, time_updated, title)
      VALUES (?, '${PROJECT}', 'tea', ?, '1.2.1', ?, ?, 'Tea')`
    return [sql, [id, String(data.directory), at, at]]
  }
  const json = JSON.stringify(data)
  if (kind === 'message') return ['INSERT INTO message VALUES (?, ?, ?, ?, ?)', [id, sessionId, at, at, json]]
  return ['INSERT INTO part VALUES (?, ?, ?, ?, ?, ?)', [id, messageId, sessionId, at, at, json]]
}
