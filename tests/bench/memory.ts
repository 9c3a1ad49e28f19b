import { execFile } from 'node:child_process'
import { createWriteStream, mkdirSync, readFileSync, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { keepNewSpaceSmall } from '../../node/sources/batch-memory.ts'
import { parseBare } from './bare.ts'
import { countEvents } from './batch.ts'
import { claudeTurns } from './sessions/claude.ts'
import { codexTurns } from './sessions/codex.ts'
import { compress } from './sessions/compress.ts'
import { geminiDocument } from './sessions/gemini.ts'
import { Invented, lines, upTo } from './sessions/invented.ts'
import { mixedSessions } from './sessions/mixed.ts'
import type { Figure } from './table.ts'
import { inTemporaryFolder } from './temporary.ts'

const BIG_FILE_BYTES = 1e9
const DOCUMENT_BYTES = 60e6
/** Compressed it has about 30 MB. */
const UNCOMPRESSED_BYTES = 300e6
/** As characters of encrypted reasoning: most of the rollout is what tools said. */
const LITTLE_REASONING = 50
const FILES = 5000
const CHILD = '--peak-memory-of'

/** The most memory that reading takes, in a process of its own as `preview` is, beside one that only parses. */
export async function benchMemory(): Promise<Figure[]> {
  const one = (what: string, target: string, write: (folder: string) => Promise<string>) =>
    inTemporaryFolder(async (folder) => peakFigure(what, target, await write(folder)))
  return [
    await one('a Claude Code session of 1 GB', '≤ 120 MB', (folder) =>
      writeOut(join(folder, 'session.jsonl'), upTo(BIG_FILE_BYTES, lines(claudeTurns(new Invented(1))))),
    ),
    await one('a Codex CLI rollout of 1 GB', '≤ 120 MB', (folder) =>
      writeOut(join(folder, 'rollout-1.jsonl'), upTo(BIG_FILE_BYTES, lines(codexTurns(new Invented(1))))),
    ),
    await one('a Gemini CLI document of 60 MB', '', (folder) =>
      writeOut(join(folder, 'session-1.json'), [geminiDocument(DOCUMENT_BYTES, new Invented(1))]),
    ),
    await one('a compressed rollout of 300 MB', '', async (folder) => {
      const rollout = upTo(UNCOMPRESSED_BYTES, lines(codexTurns(new Invented(1), LITTLE_REASONING)))
      return compress(await writeOut(join(folder, 'rollout-1.jsonl'), rollout))
    }),
    await one(`${FILES} session files of eight assistants`, '', async (folder) => {
      await mixedSessions(folder, FILES)
      return folder
    }),
  ]
}

async function writeOut(path: string, parts: Iterable<string>): Promise<string> {
  mkdirSync(dirname(path), { recursive: true })
  await pipeline(Readable.from(parts), createWriteStream(path))
  return path
}

async function peakFigure(what: string, target: string, path: string): Promise<Figure> {
  const [ours, bare] = [await peakMb('ours', path), await peakMb('bare', path)]
  return {
    what: `peak memory on ${what}`,
    measured: `${ours.toFixed(0)} MB`,
    bare: `${bare.toFixed(0)} MB, JSON.parse`,
    ratio: (ours / bare).toFixed(2),
    target,
  }
}

/** The largest resident size of a process that reads a file, or a folder. */
async function peakMb(how: 'ours' | 'bare', path: string): Promise<number> {
  const self = fileURLToPath(import.meta.url)
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...process.execArgv,
    self,
    CHILD,
    how,
    path,
  ])
  return Number(stdout) / 1024
}

/** Linux hands a process's largest size on to what it executes, so that `maxRSS` may be that of the parent. */
function peakKilobytes(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS
  return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
}

async function parseAll(path: string): Promise<void> {
  const isFolder = statSync(path).isDirectory()
  const files = isFolder ? await readdir(path, { recursive: true }) : ['']
  for (const name of files) if (!isFolder || /\.jsonl?$/.test(name)) await parseBare(join(path, name))
}

if (process.argv[2] === CHILD) {
  keepNewSpaceSmall()
  const [how, path] = process.argv.slice(3) as [string, string]
  if (how === 'bare') await parseAll(path)
  else if ((await countEvents([path])) === 0) throw new Error(`nothing was read of ${path}`)
  console.log(peakKilobytes())
}
