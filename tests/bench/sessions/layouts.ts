import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Adapter } from '../../../node/sources/port.ts'
import { claude } from '../../../node/sources/claude/adapter.ts'
import { codex } from '../../../node/sources/codex/adapter.ts'
import { copilot } from '../../../node/sources/copilot/adapter.ts'
import { droid } from '../../../node/sources/droid/adapter.ts'
import { gemini } from '../../../node/sources/gemini/adapter.ts'
import { opencode } from '../../../node/sources/opencode/adapter.ts'
import { pi } from '../../../node/sources/pi/adapter.ts'
import { qwen } from '../../../node/sources/qwen/adapter.ts'
import { claudeTurns } from './claude.ts'
import { codexTurns } from './codex.ts'
import { copilotTurns } from './copilot.ts'
import { droidSettings, droidTurns } from './droid.ts'
import { geminiDocument, geminiTurns } from './gemini.ts'
import type { Turns } from './invented.ts'
import { first, Invented, lines } from './invented.ts'
import { openCodeTurns, writeOpenCodeTree } from './opencode.ts'
import { piTurns } from './pi.ts'
import { qwenTurns } from './qwen.ts'

/** How an assistant keeps its sessions. */
export interface Layout {
  what: string
  adapter: Adapter
  /** Writes a session into the assistant's directory, where it would be; the files. */
  write: (directory: string, invented: Invented, turns: number) => string[]
}

/** Folders of so many projects. */
const PROJECTS = 300
/** A turn has about as much text in a document. */
const TURN_CHARACTERS = 40_000

const project = ({ seed }: Invented) => `home-ada-project-${seed % PROJECTS}`
const day = ({ seed }: Invented) => String((seed % 28) + 1).padStart(2, '0')
const hour = ({ seed }: Invented) => String(seed % 24).padStart(2, '0')

const rollout = (invented: Invented) =>
  `sessions/2026/05/${day(invented)}/rollout-2026-05-${day(invented)}T${hour(invented)}-00-00-${invented.sessionId}.jsonl`

const chat = (invented: Invented, ending: string) =>
  `tmp/project-${invented.seed % PROJECTS}/chats/session-2026-05-${day(invented)}T${hour(invented)}-00-${invented.sessionId}${ending}`

function write(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  return path
}

function inLines(
  what: string,
  adapter: Adapter,
  turnsOf: (invented: Invented) => Turns,
  place: (invented: Invented) => string,
): Layout {
  return {
    what,
    adapter,
    write: (directory, invented, turns) => [
      write(join(directory, place(invented)), [...first(turns, lines(turnsOf(invented)))].join('')),
    ],
  }
}

/** As they are all on one machine. */
export const LAYOUTS = {
  claude: inLines(
    'Claude Code',
    claude,
    claudeTurns,
    (of) => `projects/-${project(of)}/${of.sessionId}.jsonl`,
  ),
  codex: inLines('Codex CLI', codex, codexTurns, rollout),
  copilot: inLines(
    'Copilot CLI',
    copilot,
    copilotTurns,
    (of) => `session-state/${of.sessionId}/events.jsonl`,
  ),
  gemini: inLines('Gemini CLI', gemini, geminiTurns, (of) => chat(of, '.jsonl')),
  geminiDocument: {
    what: 'Gemini CLI, documents',
    adapter: gemini,
    write: (directory, invented, turns) => [
      write(join(directory, chat(invented, '.json')), geminiDocument(turns * TURN_CHARACTERS, invented)),
    ],
  },
  opencode: {
    what: 'OpenCode, documents',
    adapter: opencode,
    write: (directory, invented, turns) =>
      [...first(turns, openCodeTurns(invented))].flatMap((things) =>
        writeOpenCodeTree(join(directory, 'storage'), things),
      ),
  },
  pi: inLines('pi', pi, piTurns, (of) => `sessions/--${project(of)}--/2026_${of.sessionId}.jsonl`),
  qwen: inLines('Qwen Code', qwen, qwenTurns, (of) => `projects/-${project(of)}/chats/${of.sessionId}.jsonl`),
  droid: {
    what: 'Droid',
    adapter: droid,
    write: (directory, invented, turns) => {
      const path = join(directory, 'sessions', `-${project(invented)}`, invented.sessionId)
      const text = [...first(turns, lines(droidTurns(invented)))].join('')
      const settings = JSON.stringify(droidSettings(invented), null, 2)
      return [write(`${path}.jsonl`, text), write(`${path}.settings.json`, settings)]
    },
  },
} satisfies Record<string, Layout>
