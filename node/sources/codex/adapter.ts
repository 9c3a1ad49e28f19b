import { basename, dirname, join } from 'node:path'
import { directoryList } from '../directories.ts'
import { parseLine } from '../json-line.ts'
import type { Adapter, Environment, Form, Reader, SessionFile } from '../port.ts'
import { CodexReader } from './reader.ts'
import { isOurs } from './record.ts'
import { isZstd, linesOf } from '../zstd.ts'

/** Folders of a Codex home that hold rollouts. `history.jsonl` and `session_index.jsonl` lie beside them. */
const FOLDERS = ['sessions', 'archived_sessions']

/** As many lines of a compressed file tell whose it is. */
const RECOGNISED_BY_LINES = 50

/** Codex CLI: `<home>/sessions/YYYY/MM/DD/rollout-<time>-<id>.jsonl`, archived ones apart, old ones compressed. */
export const codex: Adapter = {
  assistant: 'codex',
  variable: 'VIBETEA_CODEX_DIR',

  defaultDirectories({ env, homeDirectory }: Environment): string[] {
    const named = directoryList(env.CODEX_HOME, homeDirectory)
    return named.length > 0 ? named : [join(homeDirectory, '.codex')]
  },

  /** Also where one of the two folders was named. */
  watched(directory: string): string[] {
    const home = FOLDERS.includes(basename(directory)) ? dirname(directory) : directory
    return FOLDERS.map((folder) => join(home, folder))
  },

  enters(relative: string): boolean {
    return relative.split('/').length <= 3
  },

  formOf(relative: string): Form | null {
    const name = /(?:^|\/)rollout-[^/]+\.jsonl(\.zst)?$/.exec(relative)
    if (!name) return null
    return name[1] === undefined ? 'lines' : 'document'
  },

  recognises(head: readonly Buffer[]): Form | null {
    const [first] = head
    if (first && isZstd(first)) return head.length === 1 && isRollout(first) ? 'document' : null
    return head.some((line) => parseLine(line).records.some(isOurs)) ? 'lines' : null
  },

  open(file: SessionFile): Reader {
    return new CodexReader(file)
  },

  pieces(document: Buffer): Iterable<Buffer> {
    return linesOf(document)
  },
}

function isRollout(compressed: Buffer): boolean {
  let count = 0
  for (const line of linesOf(compressed)) {
    if (parseLine(line).records.some(isOurs)) return true
    if (++count >= RECOGNISED_BY_LINES) return false
  }
  return false
}
