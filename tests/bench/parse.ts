import { execFile } from 'node:child_process'
import { createWriteStream, readFileSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Rule } from '../../core/rule.ts'
import { ADAPTERS } from '../../node/sources/adapters.ts'
import { CHUNK_BYTES, linesOf } from '../../node/sources/batch-read.ts'
import { keepNewSpaceSmall } from '../../node/sources/batch-memory.ts'
import { readBatch } from '../../node/sources/batch.ts'
import { nativeBlake2b } from '../../node/sources/native-hash.ts'
import { Projects } from '../../node/sources/projects.ts'
import { sessionText } from './claude-sessions.ts'
import type { Figure } from './table.ts'

/** The least that is read for the figures, in bytes. */
const FOLDER_BYTES = 150e6
const BIG_FILE_BYTES = 1e9
const RUNS = 5

/**
 * Session files to events, against nothing but `JSON.parse` of each line, in turns in the same process; and the peak
 * memory of reading one file of 1 GB in a process of its own. `VIBETEA_CORPUS` names a corpus
 * to replicate instead of generated sessions, `VIBETEA_CCUSAGE` an executable of ccusage to compare with.
 */
export async function benchParse(): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'vibetea-bench-'))
  try {
    const projects = join(folder, 'projects')
    const bytes = await fill(projects)
    const files = await filesIn(projects)
    const times = { parsed: [] as Time[], bare: [] as Time[], ccusage: [] as Time[] }
    let events = 0
    for (let run = 0; run < RUNS; run++) {
      times.bare.push(await timed(() => bareParse(files)))
      times.parsed.push(await timed(async () => (events = await countEvents(projects))))
      const ccusage = process.env.VIBETEA_CCUSAGE
      if (ccusage) times.ccusage.push(await timedChild(ccusage, folder))
    }
    const big = join(folder, 'big.jsonl')
    const bigBytes = await fillOne(big, files)
    const peakMb = await peakOf(big)
    const megabytes = bytes / 1e6
    const wall = (list: readonly Time[]) => median(list.map((time) => time.wall))
    const cpu = (list: readonly Time[]) => `${median(list.map((time) => time.cpu)).toFixed(2)} s`
    return [
      {
        what: `parse and sanitise ${megabytes.toFixed(0)} MB to ${events} events`,
        measured: `${(megabytes / wall(times.parsed)).toFixed(0)} MB/s`,
        bare: `${(megabytes / wall(times.bare)).toFixed(0)} MB/s, JSON.parse of each line`,
        ratio: `${(wall(times.bare) / wall(times.parsed)).toFixed(2)}×`,
        target: '≥ 1.0×',
      },
      {
        what: 'the same in CPU',
        measured: cpu(times.parsed),
        bare: `${cpu(times.bare)}${times.ccusage.length > 0 ? `, ccusage ${cpu(times.ccusage)}` : ''}`,
        ratio: '',
        target: 'no more than ccusage',
      },
      {
        what: `peak memory on one file of ${(bigBytes / 1e6).toFixed(0)} MB`,
        measured: `${peakMb.toFixed(0)} MB`,
        bare: '',
        ratio: '',
        target: '≤ 120 MB',
      },
    ]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface Time {
  wall: number
  cpu: number
}

async function timed(work: () => Promise<unknown>): Promise<Time> {
  const cpu = process.cpuUsage()
  const start = performance.now()
  await work()
  const wall = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(cpu)
  return { wall, cpu: (user + system) / 1e6 }
}

/** The shell adds up the CPU time of its children: the last line that `times` prints. */
async function timedChild(executable: string, configuration: string): Promise<Time> {
  const start = performance.now()
  const script = `"$0" daily --json --offline >/dev/null; times`
  const { stdout } = await promisify(execFile)('sh', ['-c', script, executable], {
    env: { ...process.env, CLAUDE_CONFIG_DIR: configuration },
  })
  const wall = (performance.now() - start) / 1000
  const children = stdout.trim().split('\n').at(-1) ?? ''
  const seconds = [...children.matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, min, sec]) => Number(min) * 60 + Number(sec),
  )
  return { wall, cpu: seconds.reduce((sum, each) => sum + each, 0) }
}

async function bareParse(files: readonly string[]): Promise<void> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
  for (const file of files) {
    for await (const lines of linesOf(file, buffer)) {
      for (const { bytes } of lines) {
        try {
          JSON.parse(bytes.toString())
        } catch {
          // Real files hold a few lines that are no JSON.
        }
      }
    }
  }
}

async function countEvents(path: string): Promise<number> {
  const rule = new Rule({
    source: 'bench-ybndrf',
    idKey: new Uint8Array(32).fill(1),
    hash: nativeBlake2b,
    rules: { allowedExtensions: null, shares: () => 'private', fileTag: () => 'yyyyyyyyyyyy' },
  })
  const projects = new Projects({
    tagKey: new Uint8Array(32),
    hash: nativeBlake2b,
    homeDirectory: '/nowhere',
  })
  let count = 0
  for await (const event of readBatch([path], { adapters: ADAPTERS, rule, projects, now: Date.now() })) {
    if (event.id !== '') count++
  }
  return count
}

/** Fills a folder with sessions and answers their size. */
async function fill(projects: string): Promise<number> {
  const corpus = process.env.VIBETEA_CORPUS
  let bytes = 0
  if (corpus) {
    const from = join(corpus, 'claude')
    const size = await sizeOf(await filesIn(from))
    for (let copy = 0; bytes < FOLDER_BYTES; copy++, bytes += size) {
      await cp(from, join(projects, `copy-${copy}`), { recursive: true })
    }
    return bytes
  }
  for (let session = 0; bytes < FOLDER_BYTES; session++) {
    const folder = join(projects, `-home-ada-project-${session % 7}`)
    await mkdir(folder, { recursive: true })
    bytes += await write(join(folder, `${sessionId(session)}.jsonl`), [sessionText(session, 400)])
  }
  return bytes
}

const sessionId = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`

/** Fills one file: with the files' lines where there is a corpus, else with one generated session that never ends. */
async function fillOne(path: string, files: readonly string[]): Promise<number> {
  async function* parts(): AsyncGenerator<string | Buffer> {
    for (let bytes = 0, i = 0; bytes < BIG_FILE_BYTES; i++) {
      const part = process.env.VIBETEA_CORPUS
        ? await readFile(files[i % files.length]!)
        : Buffer.from(sessionText(1_000_000 + i, 400, sessionId(1)))
      bytes += part.length
      yield part
    }
  }
  return write(path, parts())
}

async function write(
  path: string,
  parts: Iterable<string | Buffer> | AsyncIterable<string | Buffer>,
): Promise<number> {
  const file = createWriteStream(path)
  for await (const part of parts) {
    if (!file.write(part)) await new Promise<void>((resolve) => file.once('drain', resolve))
  }
  file.end()
  await finished(file)
  return file.bytesWritten
}

async function filesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true })
  return names.filter((name) => name.endsWith('.jsonl')).map((name) => join(folder, name))
}

async function sizeOf(files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(files.map((file) => stat(file)))
  return sizes.reduce((sum, { size }) => sum + size, 0)
}

/** Reads a file in a process of its own; the largest resident size it had, in MB. */
async function peakOf(path: string): Promise<number> {
  const self = fileURLToPath(import.meta.url)
  const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, self, CHILD, path])
  return Number(stdout) / 1024
}

/** Linux hands a process's largest size on to what it executes, so that `maxRSS` may be that of the parent. */
function peakKilobytes(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS
  return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!
}

const CHILD = '--peak-memory-of'

if (process.argv[2] === CHILD) {
  // As `preview` does.
  keepNewSpaceSmall()
  await countEvents(process.argv[3]!)
  console.log(peakKilobytes())
}
