import { execFile } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { SessionFolder } from '../../node/sources/directories.ts'
import { opencode } from '../../node/sources/opencode/adapter.ts'
import { parseBare, queryBare } from './bare.ts'
import { countEvents } from './batch.ts'
import { compress } from './sessions/compress.ts'
import { Invented } from './sessions/invented.ts'
import type { Layout } from './sessions/layouts.ts'
import { LAYOUTS } from './sessions/layouts.ts'
import { makeOpenCodeDatabase } from './sessions/opencode.ts'
import type { Figure } from './table.ts'
import { quantile } from './table.ts'
import { inTemporaryFolder } from './temporary.ts'

/** Of each format, in bytes. */
const FORMAT_BYTES = 40e6
const SESSION_TURNS = 50
const RUNS = 5

/**
 * Session files of each format to events, against nothing but `JSON.parse` of the same bytes, in turns in the same
 * process. `VIBETEA_CORPUS` names a folder of real ones to read beside those that are generated, `VIBETEA_CCUSAGE` an
 * executable of ccusage to compare with.
 */
export async function benchParse(): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const layout of Object.values(LAYOUTS)) {
    figures.push(...(await inTemporaryFolder((folder) => ofLayout(layout, folder))))
  }
  figures.push(await inTemporaryFolder(ofCompressed), await inTemporaryFolder(ofDatabase))
  const corpus = process.env.VIBETEA_CORPUS
  if (corpus) figures.push(...(await ofCorpus(corpus)))
  return figures
}

/** Fills an assistant's directory; the files. */
function fill({ write }: Layout, directory: string): string[] {
  const files: string[] = []
  let bytes = 0
  for (let seed = 1; bytes < FORMAT_BYTES; seed++) {
    const written = write(directory, new Invented(seed), SESSION_TURNS)
    files.push(...written)
    for (const path of written) bytes += statSync(path).size
  }
  return files
}

async function ofLayout(layout: Layout, folder: string): Promise<Figure[]> {
  const { adapter, what } = layout
  const files = fill(layout, folder)
  const compared = await ofFiles(what, files, foldersOf(adapter, folder))
  const ccusage = process.env.VIBETEA_CCUSAGE
  if (!ccusage || adapter.assistant !== 'claude') return [compared.figure]
  return [compared.figure, await againstCcusage(ccusage, folder, compared.cpu)]
}

async function ofCompressed(folder: string): Promise<Figure> {
  const { codex } = LAYOUTS
  const files = fill(codex, folder).map(compress)
  return (await ofFiles(`${codex.what}, .zst`, files, foldersOf(codex.adapter, folder))).figure
}

async function ofCorpus(corpus: string): Promise<Figure[]> {
  const names = await readdir(corpus, { recursive: true })
  const files = names.filter((name) => /[\\/].*\.(?:jsonl?|zst)$/.test(name))
  const paths = files.map((name) => join(corpus, name))
  const { figure, cpu, bareCpu } = await ofFiles('real files', paths, [corpus])
  return [figure, cpuFigure('the same in CPU', cpu, bareCpu, 'JSON.parse')]
}

async function ofDatabase(folder: string): Promise<Figure> {
  const path = join(folder, 'opencode.db')
  const rows = await makeOpenCodeDatabase(path, FORMAT_BYTES)
  const times = await inTurns(
    () => countEvents(foldersOf(opencode, folder)),
    () => queryBare(path),
  )
  return speedFigure('OpenCode, database', rows / 1000, 'thousand rows', 'the same columns', times)
}

function foldersOf(adapter: Layout['adapter'], directory: string): SessionFolder[] {
  const there = adapter.watched(directory).filter((each) => existsSync(each))
  return there.map((watched) => ({ directory: watched, adapter }))
}

async function ofFiles(what: string, files: readonly string[], read: readonly (string | SessionFolder)[]) {
  const parseAll = async () => {
    let bytes = 0
    for (const file of files) bytes += await parseBare(file)
    return bytes
  }
  const megabytes = (await parseAll()) / 1e6
  const times = await inTurns(() => countEvents(read), parseAll)
  const title = `${what}, ${megabytes.toFixed(0)} MB in ${files.length}`
  return {
    figure: speedFigure(title, megabytes, 'MB', 'JSON.parse', times),
    cpu: middle(times.ours, 'cpu'),
    bareCpu: middle(times.bare, 'cpu'),
  }
}

interface Time {
  wall: number
  cpu: number
}

interface Times {
  events: number
  ours: Time[]
  bare: Time[]
}

async function inTurns(read: () => Promise<number>, bare: () => Promise<unknown>): Promise<Times> {
  const times: Times = { events: await read(), ours: [], bare: [] }
  for (let run = 0; run < RUNS; run++) {
    times.bare.push(await timed(bare))
    times.ours.push(await timed(read))
  }
  return times
}

async function timed(work: () => Promise<unknown>): Promise<Time> {
  const cpu = process.cpuUsage()
  const start = performance.now()
  await work()
  const wall = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(cpu)
  return { wall, cpu: (user + system) / 1e6 }
}

const middle = (times: readonly Time[], of: keyof Time) =>
  quantile(
    times.map((time) => time[of]),
    0.5,
  )

/** Each run beside its own bare one, for a machine is now quicker and now slower. */
function ratioOf({ ours, bare }: Times, of: keyof Time): string {
  const ratios = ours.map((time, run) => bare[run]![of] / time[of])
  return quantile(ratios, 0.5).toFixed(2)
}

function speedFigure(what: string, amount: number, unit: string, bareWhat: string, times: Times): Figure {
  const { events, ours, bare } = times
  const speed = (list: readonly Time[]) => `${(amount / middle(list, 'wall')).toFixed(0)} ${unit}/s`
  return {
    what: `${what}, to ${events} events`,
    measured: speed(ours),
    bare: `${speed(bare)}, ${bareWhat}`,
    ratio: `${ratioOf(times, 'wall')}×, in CPU ${ratioOf(times, 'cpu')}×`,
    target: '≥ 1.0×',
  }
}

function cpuFigure(what: string, ours: number, other: number, otherWhat: string): Figure {
  return {
    what,
    measured: `${ours.toFixed(2)} s`,
    bare: `${other.toFixed(2)} s, ${otherWhat}`,
    ratio: `${(other / ours).toFixed(2)}×`,
    target: '',
  }
}

async function againstCcusage(executable: string, configuration: string, cpu: number): Promise<Figure> {
  const spent: number[] = []
  for (let run = 0; run < RUNS; run++) spent.push(await cpuOfChild(executable, configuration))
  return cpuFigure('Claude Code again, in CPU', cpu, quantile(spent, 0.5), 'ccusage')
}

/** The shell adds up the CPU time of its children: the last line that `times` prints. In seconds. */
async function cpuOfChild(executable: string, configuration: string): Promise<number> {
  const script = `"$0" daily --json --offline >/dev/null; times`
  const { stdout } = await promisify(execFile)('sh', ['-c', script, executable], {
    env: { ...process.env, CLAUDE_CONFIG_DIR: configuration },
  })
  const children = stdout.trim().split('\n').at(-1) ?? ''
  const parts = [...children.matchAll(/(\d+)m([\d.]+)s/g)]
  return parts.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0)
}
