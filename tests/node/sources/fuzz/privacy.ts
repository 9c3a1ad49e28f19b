import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Event } from '../../../../core/events.ts'
import type { Rule } from '../../../../core/rule.ts'
import { readBatch } from '../../../../node/sources/batch.ts'
import { isFields } from '../../../../node/sources/json-line.ts'
import { nativeBlake2b } from '../../../../node/sources/native-hash.ts'
import type { Adapter } from '../../../../node/sources/port.ts'
import { Projects } from '../../../../node/sources/projects.ts'
import { testRule } from '../acceptance/reading.ts'
import { unsound } from '../acceptance/soundness.ts'
import type { Carrier } from './carriers.ts'
import type { Place } from './places.ts'
import { placesOf } from './places.ts'
import type { Random } from './random.ts'
import type { Secret } from './secrets.ts'
import { knownTexts, newTexts, secretOf, SHAPE_NAMES, sightingsOf } from './secrets.ts'

/** What reads the files: the real adapter and rule, or ones that let something through. */
export interface Readers {
  adapter?: (real: Adapter) => Adapter
  rule?: () => Rule
}

/** Session files with something in them: changed records, or other names below the assistant's directory. */
interface Variant {
  records: readonly unknown[]
  paths?: readonly string[]
}

/** A variant with secrets in it, and where they stand. */
interface Planted extends Variant {
  secrets: Map<Secret, string>
  /** Whether all of them stand in one kind of place. */
  isAlone: boolean
}

/** Names of fields that sessions have here and there, with texts of people in them. */
const MORE_FIELDS = (
  'title name summary branch gitBranch url description prompt text command query pattern error message reason cwd ' +
  'directory worktree path file_path filePath slug agentType subagent_type agent model server label hint username email'
).split(' ')

/** Reads variants of one carrier, in a directory of their own. */
export class Laboratory {
  readonly #carrier: Carrier
  readonly #directory: string
  readonly #readers: Readers
  #known: ReadonlySet<string> = new Set()

  private constructor(carrier: Carrier, directory: string, readers: Readers) {
    this.#carrier = carrier
    this.#directory = directory
    this.#readers = readers
  }

  /** `beside` are other sessions of the assistant, which lie there too and are not read. */
  static async open(
    carrier: Carrier,
    beside: readonly Carrier[],
    readers: Readers = {},
  ): Promise<Laboratory> {
    const directory = await mkdtemp(join(tmpdir(), 'vibetea-privacy-'))
    for (const { write, records } of beside) await write(directory, records)
    const laboratory = new Laboratory(carrier, directory, readers)
    laboratory.#known = knownTexts(await laboratory.read(carrier))
    return laboratory
  }

  close(): Promise<void> {
    return rm(this.#directory, { recursive: true, force: true })
  }

  async read({ records, paths }: Variant): Promise<Event[]> {
    const { adapter, write } = this.#carrier
    const files = await write(this.#directory, records, paths)
    const projects = new Projects({
      tagKey: new Uint8Array(32),
      hash: nativeBlake2b,
      homeDirectory: '/nowhere',
      runGit: () => Promise.resolve(null),
    })
    const options = {
      adapters: [this.#readers.adapter?.(adapter) ?? adapter],
      projects,
      rule: this.#readers.rule?.() ?? testRule(),
      now: Date.parse('2030-01-01T00:00:00Z'),
      // A damaged database is told of.
      onProblem: () => undefined,
    }
    const events: Event[] = []
    for await (const event of readBatch(files, options)) events.push(event)
    return events
  }

  /** What is seen of the secrets of a variant. */
  async look({ secrets, isAlone, ...variant }: Planted): Promise<Findings> {
    const events = await this.read(variant)
    const sightings = sightingsOf(newTexts(events, this.#known), [...secrets.keys()])
    const leaks = sightings
      .filter(({ isOpen }) => !isOpen)
      .map(({ secret, at }) => `${secrets.get(secret)!} (${secret.shape}) in ${at.field}: ${at.value}`)
    const shown = sightings
      .filter(({ isOpen }) => isOpen && isAlone)
      .map(({ secret, at }) => `${at.field}: ${secrets.get(secret)!}`)
    return { leaks, shown, unsound: events.flatMap((event) => unsound(event) ?? []) }
  }
}

/** What is seen of planted secrets, in words. */
export interface Findings {
  /** What must not be seen. */
  leaks: string[]
  /** What may be: the event's field and the place in the file. */
  shown: string[]
  /** What is no sound event. */
  unsound: string[]
}

/** The kinds of places of a carrier, see `Place`. */
export function patternsOf({ records }: Carrier): string[] {
  return [...new Set(records.flatMap((record) => placesOf(record).map((place) => place.pattern)))]
}

/** The carrier's records with other values in the places of some kinds; `kinds` are those of each record. */
function planted(
  { records }: Carrier,
  kinds: readonly ReadonlySet<string>[],
  patterns: readonly string[],
  valueFor: (place: Place) => unknown,
): { records: unknown[] } {
  const wanted = new Set(patterns)
  const changed = records.map((record, i) => {
    if (Buffer.isBuffer(record) || !patterns.some((pattern) => kinds[i]!.has(pattern))) return record
    const copy = structuredClone(record)
    for (const place of placesOf(copy)) if (wanted.has(place.pattern)) place.set(valueFor(place))
    return copy
  })
  return { records: changed }
}

/** Variants of a format in which many places have secrets at once. */
const MANY_AT_ONCE = 12
/** Kinds of places that have secrets together, as each variant takes a while. */
const TOGETHER = 12
/** Shapes that each kind of place has in each carrier, however often the format's other carriers have had it. */
const MIN_SHAPES = 3
/** Fields that decide what a record is, what is taken of it, or whether it counts: where they are overwritten little else is read. */
const VITAL =
  /(?:^|[._])(?:type|role|status|kind|subtype|timestamp|time|created|name|tool|toolName|id|\w+(?:ID|Id|_id))$/

/** How many secrets each kind of place has had in the carriers of a format: the next has the next shape. */
export type Turns = Map<string, number>

/**
 * Variants of a carrier with secrets: each kind of place with every shape, and then many places at once. The carriers
 * of a format share the former by `turns`, the latter by how many they are.
 */
export function* plantings(
  carrier: Carrier,
  random: Random,
  { turns = new Map(), carriers = 1 }: { turns?: Turns; carriers?: number } = {},
): Generator<Planted> {
  const from = random.below(SHAPE_NAMES.length)
  const kinds = carrier.records.map((record) => new Set(placesOf(record).map(({ pattern }) => pattern)))
  const before = new Map(turns)
  const plant = (patterns: readonly string[], isAlone: boolean): Planted => {
    const secrets = new Map<Secret, string>()
    const own = new Map<string, Secret>()
    const valueFor = ({ pattern }: Place) => {
      const turn = turns.get(pattern) ?? 0
      turns.set(pattern, turn + 1)
      const shape = SHAPE_NAMES[(from + turn) % SHAPE_NAMES.length]!
      const secret = own.get(pattern + shape) ?? secretOf(shape, random)
      own.set(pattern + shape, secret)
      secrets.set(secret, pattern)
      return secret.text
    }
    return { ...planted(carrier, kinds, patterns, valueFor), secrets, isAlone }
  }
  const all = patternsOf(carrier)
  for (const patterns of groupsOf(all)) {
    const isDone = (pattern: string) => {
      const count = turns.get(pattern) ?? 0
      return count >= SHAPE_NAMES.length && count - (before.get(pattern) ?? 0) >= MIN_SHAPES
    }
    // Where a kind of place occurs often, one variant shows several shapes of it.
    while (!patterns.every(isDone)) yield plant(patterns, true)
  }
  for (let i = 0; i < MANY_AT_ONCE / carriers; i++) {
    const share = 1 + random.below(6)
    const some = all.filter((pattern) => !VITAL.test(pattern) && random.below(10) < share)
    yield plant(some, false)
  }
  for (let i = 0; i < SHAPE_NAMES.length / carriers; i++) yield withMoreFields(carrier, from + i, random)
  yield* inNames(carrier, random)
}

/** Vital places each by themselves, the others a few at a time. */
function groupsOf(patterns: readonly string[]): string[][] {
  const groups = patterns.filter((pattern) => VITAL.test(pattern)).map((pattern) => [pattern])
  const others = patterns.filter((pattern) => !VITAL.test(pattern))
  for (let i = 0; i < others.length; i += TOGETHER) groups.push(others.slice(i, i + TOGETHER))
  return groups
}

/** Every object of every record has fields that nobody knows, or that only other records should have. */
function withMoreFields({ records }: Carrier, turn: number, random: Random): Planted {
  const more = MORE_FIELDS.map((name, i): [string, Secret] => {
    return [name, secretOf(SHAPE_NAMES[(i + turn) % SHAPE_NAMES.length]!, random)]
  })
  const widen = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(widen)
    if (!isFields(value) || Buffer.isBuffer(value)) return value
    const own = Object.entries(value).map(([name, each]): [string, unknown] => [name, widen(each)])
    return Object.fromEntries([...more.map(([name, { text }]): [string, unknown] => [name, text]), ...own])
  }
  const secrets = new Map(more.map(([name, secret]) => [secret, `*.${name}`]))
  return { records: records.map(widen), secrets, isAlone: false }
}

/** Of sessions that are kept in many files a few names are enough. */
const MAX_NAMES = 10

/** The names of the files and of their folders: nothing of them is ever shown. */
function* inNames({ records, paths, form }: Carrier, random: Random): Generator<Planted> {
  // Each name of a database is its own.
  if (form === 'database') return
  const names = [...new Set(paths.flatMap((path) => path.split('/')))]
  for (let i = 0; i < Math.min(names.length, MAX_NAMES); i++) {
    const name = names.length > MAX_NAMES ? random.one(names) : names[i]!
    for (const shape of ['sentence', 'key', 'tool of a server']) {
      const secret: Secret = { ...secretOf(shape, random), open: null }
      const end = /(?:\.settings)?\.[a-z]+(?:\.zst)?$/.exec(name)?.[0] ?? ''
      const renamed = paths.map((path) =>
        path.split('/').map((part) => (part === name ? secret.text + end : part)).join('/'),
      ) // prettier-ignore
      yield { records, paths: renamed, secrets: new Map([[secret, `the name ${name}`]]), isAlone: true }
    }
  }
}
