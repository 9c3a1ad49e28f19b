/** A small generator of uniform numbers in [0, 1) (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const WORDS =
  'kettle oolong steam const await return "quoted" leaf\nsteep cup => { } pour \t matcha brew 42 sencha // ünïcödé'.split(
    ' ',
  )
/** A session says so many different things. */
const SENTENCES = 256
const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789'

/** What a session is invented from: the same seed gives the same session. Its time runs on. */
export class Invented {
  readonly seed: number
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** A session id. */
  readonly sessionId: string
  #things = 0
  #at: number
  readonly #sentences: string[] = []

  constructor(seed: number) {
    this.seed = seed
    this.random = randomFrom(seed)
    this.sessionId = `5e55${seed.toString(16).padStart(4, '0').slice(-4)}-0000-4000-8000-${seed.toString(16).padStart(12, '0')}`
    this.#at = Date.parse('2026-01-05T09:00:00.000Z') + seed * 3_600_000
    for (let i = 0; i < SENTENCES; i++) this.#sentences.push(this.#sentence(20 + this.int(160)))
  }

  /** A whole number below. */
  int(below: number): number {
    return Math.floor(this.random() * below)
  }

  one<T>(list: readonly T[]): T {
    return list[this.int(list.length)]!
  }

  /** Text of at least so many characters. */
  text(length: number): string {
    let out = ''
    while (out.length < length) out += this.#sentences[this.int(SENTENCES)]!
    return out
  }

  /** What a tool says, or what is written to a file: mostly short, now and then up to 48,000 characters. */
  output(): string {
    return this.text(Math.floor(120 * Math.exp(this.random() ** 2 * 6)))
  }

  /** A time a little later than the last, ms since 1970. */
  time(): number {
    this.#at += 500 + this.int(4000)
    return this.#at
  }

  /** The same as text. */
  timestamp(): string {
    return new Date(this.time()).toISOString()
  }

  /** An id that nothing else has. */
  uuid(): string {
    const thing = (++this.#things).toString(16).padStart(12, '0')
    return `${this.seed.toString(16).padStart(8, '0')}-0000-4000-8000-${thing}`
  }

  /** An id that nothing else has, in letters and digits. */
  token(length: number): string {
    let out = `${this.seed.toString(36)}0${(++this.#things).toString(36)}0`
    while (out.length < length) out += LETTERS[this.int(LETTERS.length)]!
    return out
  }

  /** The directory in which the session works. */
  get cwd(): string {
    return `/home/ada/project-${this.seed % 7}`
  }

  /** A file in it. */
  path(): string {
    return `${this.cwd}/src/part-${this.int(200)}.ts`
  }

  #sentence(length: number): string {
    let out = ''
    while (out.length < length) out += `${this.one(WORDS)} `
    return out
  }
}

/** The records of one turn after the other, without end, those that begin the session with the first. */
export type Turns = Generator<readonly object[], never>

/** Turns as lines. */
export function* lines(turns: Turns): Generator<string, never> {
  for (;;)
    yield `${turns
      .next()
      .value.map((record) => JSON.stringify(record))
      .join('\n')}\n`
}

/** The first of what goes on without end. */
export function* first<T>(count: number, endless: Generator<T, never>): Generator<T> {
  for (let i = 0; i < count; i++) yield endless.next().value
}

/** As much of it as has so many characters, or a little more. */
export function* upTo(characters: number, endless: Generator<string, never>): Generator<string> {
  for (let length = 0; length < characters;) {
    const piece = endless.next().value
    length += piece.length
    yield piece
  }
}
