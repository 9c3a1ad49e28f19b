import type { Event } from '../../../../core/events.ts'
import type { Random } from './random.ts'

/** A text that must not leave, of a shape that a careless adapter might let pass. */
export interface Secret {
  shape: string
  text: string
  /** The part that may be shown, and where: a path's base name, a name of the allowed characters. */
  open: { part: string; fields: readonly string[] } | null
}

/** Letters of the part that tells one secret from all others: what stands around it must be shorter than a `PIECE`. */
const CORE = 20
const NAMES = ['tool', 'agentType', 'model', 'context', 'project']

/**
 * Texts as they come into the places of session files. What the rule lets pass is open: names of tools, agent types and
 * models, base names, and of a directory its base name, in which other characters become dashes.
 */
const SHAPES: Readonly<Record<string, (core: () => string, uuid: () => string) => Omit<Secret, 'shape'>>> = {
  sentence: (core) => between('Please dismiss ', core(), ' before the merger, quietly', ['project']),
  lines: (core) => between('Dear board,\n\t', core(), ' owes us\r\nthe sum of nine millions', ['project']),
  address: (core) => between(`https://payroll.${core()}.example/slips?of=`, core(), '&key=1', ['project']),
  path: (core) => between(`/srv/${core()}/clients/${core()}/`, `k-${core()}.ts`, '', ['context', 'project']),
  'path of Windows': (core) =>
    between(`C:\\Users\\${core()}\\`, `k-${core()}.ts`, '', ['context', 'project']),
  'path of a sentence': (core) =>
    between(`/srv/${core()}/Who leaves: `, core(), ' and others.txt', ['project']),
  key: (core) => between('', `sk-live-${core()}4${core()}7`, '', ['tool', 'agentType', 'model']),
  identifier: (_, uuid) => between('', uuid(), '', ['sessionId', ...NAMES]),
  'hidden characters': (core) =>
    between('te\u202eapot\u0007 ', core(), '\u2066\u200b is full\u001b[31m', ['project']),
  'tool of a server': (core) => between('', `mcp__${core()}__pay`, '', NAMES),
}

export const SHAPE_NAMES: readonly string[] = Object.keys(SHAPES)

function between(
  before: string,
  part: string,
  after: string,
  fields: readonly string[],
): Omit<Secret, 'shape'> {
  return { text: before + part + after, open: { part, fields } }
}

export function secretOf(shape: string, { letters, below }: Random): Secret {
  const hex = (count: number) => Array.from({ length: count }, () => below(16).toString(16)).join('')
  const uuid = () => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`
  return { shape, ...SHAPES[shape]!(() => letters(CORE), uuid) }
}

/** Where a text of an event stands. */
export interface Shown {
  field: string
  value: string
}

/** Every text in an event and the name of its field; the names are texts too, of the field `*`. */
export function textsOf(event: unknown, field = '', found: Shown[] = []): Shown[] {
  if (typeof event === 'string') found.push({ field, value: event })
  if (typeof event !== 'object' || event === null) return found
  for (const [key, value] of Object.entries(event)) {
    found.push({ field: '*', value: key })
    textsOf(value, key, found)
  }
  return found
}

/** Shorter pieces of a text tell nothing. */
const PIECE = 12

/** A text of an event in which a secret shows, and whether it may. */
export interface Sighting {
  secret: Secret
  at: Shown
  isOpen: boolean
}

/** Where secrets, or any pieces of them, show, as they are or written in another way. */
export function sightingsOf(shown: readonly Shown[], secrets: readonly Secret[]): Sighting[] {
  const written = secrets.map((secret) => ({ secret, forms: formsOf(secret.text).join('\n').toLowerCase() }))
  return shown.flatMap((at) => {
    const pieces = piecesOf(at.value)
    return written.flatMap(({ secret, forms }): Sighting[] => {
      const seen = pieces.filter((piece) => forms.includes(piece))
      if (seen.length === 0) return []
      return [{ secret, at, isOpen: seen.every((piece) => isOpen(secret, piece, at.field)) }]
    })
  })
}

function isOpen({ open }: Secret, piece: string, field: string): boolean {
  return open !== null && open.fields.includes(field) && open.part.toLowerCase().includes(piece)
}

function piecesOf(text: string): string[] {
  const lower = text.toLowerCase()
  return Array.from({ length: Math.max(0, lower.length - PIECE + 1) }, (_, i) => lower.slice(i, i + PIECE))
}

/** A text as it is and as others would write it: escaped, percent-encoded, with dashes, base64, hexadecimal, backwards. */
function formsOf(text: string): string[] {
  const bytes = Buffer.from(text)
  const base64 = [0, 1, 2].map((from) => bytes.subarray(from).toString('base64url'))
  return [
    text,
    JSON.stringify(text),
    encodeURIComponent(text),
    ...base64,
    ...base64.map((form) => form.replaceAll('-', '+').replaceAll('_', '/')),
    bytes.toString('hex'),
    Array.from(text).reverse().join(''),
  ]
}

/** Ids of events are hashes: nothing can be read in one of this shape. */
const isHash = ({ field, value }: Shown): boolean => field === 'id' && /^evt_[a-z0-9]{20}$/.test(value)

/** The texts of some events that stand in none of others, without their ids. */
export function newTexts(events: readonly Event[], known: ReadonlySet<string>): Shown[] {
  const found = new Map<string, Shown>()
  for (const event of events) {
    for (const shown of textsOf(event)) {
      const name = `${shown.field} ${shown.value}`
      if (!known.has(name) && !isHash(shown)) found.set(name, shown)
    }
  }
  return [...found.values()]
}

/** What `newTexts` leaves out of other events. */
export function knownTexts(events: readonly Event[]): Set<string> {
  return new Set(events.flatMap((event) => textsOf(event)).map(({ field, value }) => `${field} ${value}`))
}
