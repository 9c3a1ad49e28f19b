import { appendFileSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Assistant } from '../../core/events.ts'
import { ASSISTANTS } from '../../core/events.ts'
import { zstdOf } from '../node/sources/fuzz/zstd.ts'
import type { Json, TreeFile } from '../node/sources/opencode-fixture.ts'
import { OpenCodeWriter } from '../node/sources/opencode-fixture.ts'
import { OPENCODE_STORY } from '../node/sources/opencode-story.ts'
import { linesOfZstd, movedText, timesIn } from './moved-times.ts'

const FIXTURES = fileURLToPath(new URL('../node/sources/fixtures', import.meta.url))

/** Where each assistant keeps what it has, in a home directory on Linux. */
export const ASSISTANT_HOMES: Readonly<Record<Assistant, string>> = {
  claude: '.claude',
  codex: '.codex',
  gemini: '.gemini',
  opencode: '.local/share/opencode',
  copilot: '.copilot',
  qwen: '.qwen',
  pi: '.pi/agent',
  droid: '.factory',
}

/** A session that is this long over by then is not written to any more. */
const OVER_MS = 20 * 60_000

/** One thing that an assistant writes. */
export type Step = () => void | Promise<void>

/** What an assistant writes, in order. */
export interface Written {
  assistant: Assistant
  /** What lies there before anything is looked at. */
  before: Step[]
  /** What it then writes, a piece of each of its files in turn. */
  goesOn: Step[]
  /** Lets go of what it has open. */
  close: () => Promise<void>
}

interface Fixture {
  /** Below the assistant's directory. */
  path: string
  text: string
  /** Of its records, ms since 1970; 0 where none has a time. */
  firstAt: number
  lastAt: number
}

/**
 * What an assistant writes into its directory, made from its fixtures as if its longest session of each day ended at
 * `endsAt`, ms since 1970: in the order of time, a session that was forked from another after it. Lines come in two
 * halves; documents are rewritten in place and by renaming, in turn; the rows of a database come over a connection of
 * their own.
 */
export async function written(assistant: Assistant, directory: string, endsAt: number): Promise<Written> {
  if (assistant === 'opencode') return writtenRows(directory, endsAt)
  const fixtures = fixturesOf(assistant)
  const timeless = fixtures.filter(({ lastAt }) => lastAt === 0)
  const before = timeless.flatMap(({ path, text }) => rewritten(join(directory, path), text))
  const days: Step[][] = []
  for (const day of byDay(fixtures)) {
    const longest = day.reduce((a, b) => (b.text.length > a.text.length ? b : a))
    const byMs = Math.floor((endsAt - longest.lastAt) / 1000) * 1000
    const isOver = ({ lastAt }: Fixture) => lastAt < longest.lastAt - OVER_MS
    const isLater = ({ lastAt }: Fixture) => lastAt > longest.lastAt + OVER_MS
    const move = (files: Fixture[]) =>
      files.map(({ path, text, ...times }) => ({
        path: join(directory, path),
        text: movedText(text, byMs),
        ...times,
      }))
    before.push(...inOrder(move(day.filter(isOver))))
    const steps = inOrder(move(day.filter((each) => !isOver(each) && !isLater(each))))
    before.push(...steps.splice(0, Math.ceil(steps.length / 8)))
    days.push(steps)
  }
  return { assistant, before, goesOn: inTurn(days), close: async () => undefined }
}

/** Everything that all assistants write, as `before`; their directories are those of a home directory. */
export async function writeAll(homeDirectory: string, endsAt: number): Promise<void> {
  for (const assistant of ASSISTANTS) {
    const directory = join(homeDirectory, ASSISTANT_HOMES[assistant])
    const { before, goesOn, close } = await written(assistant, directory, endsAt)
    await run([...before, ...goesOn])
    await close()
  }
}

export async function run(steps: readonly Step[]): Promise<void> {
  for (const step of steps) await step()
}

/** One step of each list after another. */
export function inTurn(lists: readonly (readonly Step[])[]): Step[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length))
  return Array.from({ length: longest }, (_, i) => lists.flatMap((list) => list[i] ?? [])).flat()
}

/** Its fixtures, as text; what is compressed is so no more. */
function fixturesOf(assistant: Assistant): Fixture[] {
  const root = join(FIXTURES, assistant)
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name)
      const bytes = readFileSync(path)
      const text = path.endsWith('.zst') ? linesOfZstd(bytes) : bytes.toString()
      const times = timesIn(text)
      return {
        path: distinct(assistant, relative(root, path)),
        text: distinct(assistant, text),
        firstAt: times.length > 0 ? Math.min(...times) : 0,
        lastAt: Math.max(0, ...times),
      }
    })
}

/** No two assistants give two sessions one random id; these fixtures of two of them do. */
function distinct(assistant: Assistant, text: string): string {
  return assistant === 'gemini' ? text.replaceAll('5e0c7a94', '6e0c7a94') : text
}

/** The fixtures by the day of their last record: what belongs together is of one day. */
function byDay(fixtures: readonly Fixture[]): Fixture[][] {
  const days = new Map<string, Fixture[]>()
  for (const fixture of fixtures.filter(({ lastAt }) => lastAt > 0)) {
    const day = new Date(fixture.lastAt).toISOString().slice(0, 10)
    days.set(day, [...(days.get(day) ?? []), fixture])
  }
  return [...days.values()]
}

/** One session after another, each with what lies within it: its subagents, and documents beside its file. */
function inOrder(files: readonly Fixture[]): Step[] {
  const isWithin = (inner: Fixture, outer: Fixture) => {
    const areLines = [inner, outer].every(({ path }) => path.endsWith('.jsonl'))
    return areLines ? outer.firstAt < inner.firstAt && inner.lastAt < outer.lastAt : isBeside(inner, outer)
  }
  const outers = files.filter((file) => !files.some((other) => isWithin(file, other)))
  return outers
    .toSorted((a, b) => a.lastAt - b.lastAt)
    .flatMap((outer) => {
      const family = files.filter((file) => file === outer || isWithin(file, outer))
      const besides = files.filter((file) => family.some((each) => isBeside(file, each)))
      return [...new Set(family.concat(besides))]
        .flatMap((file) => timedSteps(file, family.find((each) => isBeside(file, each)) ?? file))
        .toSorted((a, b) => a.at - b.at)
        .map(({ step }) => step)
    })
}

/** `<session>.settings.json` and `<session>.jsonl`. */
function isBeside(document: Fixture, lines: Fixture): boolean {
  return document.path === lines.path.replace(/\.jsonl$/, '.settings.json')
}

/** What is written of a file and when; a document at times of the file of lines beside it, where there is one. */
function timedSteps({ path, text }: Fixture, beside: Fixture): { at: number; step: Step }[] {
  const times = timesOfLines(beside.text)
  if (path.endsWith('.jsonl')) {
    return appended(path, text).map((step, i) => ({ at: times[i >> 1]!, step }))
  }
  const steps = rewritten(path, text)
  return steps.map((step, i) => ({
    at: times[Math.ceil((times.length * (i + 1)) / steps.length) - 1]!,
    step,
  }))
}

/** The time of each line, that of the one before where it has none. */
function timesOfLines(text: string): number[] {
  let at = 0
  return linesIn(text).map((line) => (at = Math.max(at, ...timesIn(line).slice(0, 1))))
}

const linesIn = (text: string): string[] => text.split(/(?<=\n)/)

/** A file of lines: each comes in two halves. */
function appended(path: string, text: string): Step[] {
  return linesIn(text).flatMap((line) => {
    const bytes = Buffer.from(line)
    const half = bytes.length >> 1
    return [bytes.subarray(0, half), bytes.subarray(half)].map((part) => () => {
      mkdirSync(dirname(path), { recursive: true })
      appendFileSync(path, part)
    })
  })
}

/** A document as it grew, in place and by renaming in turn. */
function rewritten(path: string, text: string): Step[] {
  return snapshots(path, text).map((bytes, i) => () => {
    mkdirSync(dirname(path), { recursive: true })
    if (i % 2 === 0) return writeFileSync(path, bytes)
    writeFileSync(`${path}.tmp`, bytes)
    renameSync(`${path}.tmp`, path)
  })
}

function snapshots(path: string, text: string): (string | Buffer)[] {
  if (path.endsWith('.zst')) return [zstdOf(Buffer.from(text))]
  if (!path.endsWith('.json')) return [text]
  const last = JSON.parse(text) as Json
  const { messages, tokenUsage } = last
  if (Array.isArray(messages)) {
    return messages.map((_, i) => JSON.stringify({ ...last, messages: messages.slice(0, i + 1) }, null, 2))
  }
  if (!tokenUsage) return [text]
  const used = Object.entries(tokenUsage as Record<string, number>)
  return [0, 0.5, 1].map((part) => {
    const counts = used.map(([name, count]) => [name, Math.floor(count * part)])
    return JSON.stringify({ ...last, tokenUsage: Object.fromEntries(counts) as Json })
  })
}

async function writtenRows(directory: string, endsAt: number): Promise<Written> {
  const last = Math.max(...timesIn(JSON.stringify(OPENCODE_STORY)))
  const byMs = Math.floor((endsAt - last) / 1000) * 1000
  const story = JSON.parse(movedText(JSON.stringify(OPENCODE_STORY), byMs)) as TreeFile[]
  const order = story.flatMap(({ kind, value }) => asItWent(value).map((each) => ({ kind, value: each })))
  const open = () => OpenCodeWriter.open(join(directory, 'opencode.db'), Date.now())
  let writer: Promise<OpenCodeWriter> | undefined
  const steps = order.map(({ kind, value }) => async () => {
    const database = await (writer ??= open())
    database.now = Date.now()
    await database[kind](value)
  })
  return {
    assistant: 'opencode',
    before: steps.slice(0, steps.length / 8),
    goesOn: steps.slice(steps.length / 8),
    close: async () => (await writer)?.close(),
  }
}

/** What was written before a row was as it is in the end: a call that ran. */
function asItWent(value: Json): Json[] {
  const state = value.state as Json | undefined
  if (value.type !== 'tool' || !state || !(state.time as Json | undefined)?.end) return [value]
  const { input, time } = state
  const { start } = time as Json
  return [{ ...value, state: { status: 'running', input, time: { start } } }, value]
}
