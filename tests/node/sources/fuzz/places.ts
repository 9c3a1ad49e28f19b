import { isFields } from '../../../../node/sources/json-line.ts'

/** One place in a record where a value stands. */
export interface Place {
  /** What leads to it: `message.content[].name`; `{}` enters JSON within a text, `*` is the name of a field. */
  pattern: string
  value: string | number | boolean
  set: (value: unknown) => void
}

/** What looks like a path inside a longer text: in a command, in a patch. */
const PATH_WITHIN = /(?:\/|[A-Za-z]:\\|[\w.-]+\/)[\w./\\-]*\.\w+/

/** Every place of a record that holds a text, a number or a truth value, also within texts that are JSON. */
export function placesOf(record: unknown): Place[] {
  const places: Place[] = []
  const enter = (value: unknown, pattern: string, set: (value: unknown) => void): void => {
    if (typeof value === 'string') enterText(value, pattern, set)
    else if (typeof value === 'number' || typeof value === 'boolean') places.push({ pattern, value, set })
    else if (Array.isArray(value)) {
      for (const [i, each] of value.entries()) enter(each, `${pattern}[]`, (next) => void (value[i] = next))
    } else if (isFields(value)) enterFields(value, pattern)
  }
  const enterFields = (fields: Record<string, unknown>, pattern: string): void => {
    const prefix = pattern === '' ? '' : `${pattern}.`
    for (const key of Object.keys(fields)) {
      enter(fields[key], prefix + key, (next) => void (fields[key] = next))
      const rename = (next: unknown) => {
        fields[wordOf(next)] = fields[key]
        Reflect.deleteProperty(fields, key)
      }
      // Names of fields that are data: paths, models.
      if (!/^[A-Za-z_]\w*$/.test(key)) places.push({ pattern: `${prefix}*`, value: key, set: rename })
    }
  }
  const enterText = (text: string, pattern: string, set: (value: unknown) => void): void => {
    places.push({ pattern, value: text, set })
    const inner = jsonIn(text)
    if (inner !== null) enter(inner, `${pattern}{}`, () => undefined)
    const own = places.findLastIndex((place) => place.pattern === pattern)
    for (const place of inner === null ? [] : places.slice(own + 1)) {
      const before = place.set
      place.set = (next) => {
        before(next)
        set(JSON.stringify(inner))
      }
    }
    const path = inner === null ? PATH_WITHIN.exec(text)?.[0] : undefined
    if (path !== undefined && path !== text) {
      places.push({
        pattern: `${pattern}~path`,
        value: path,
        set: (next) => set(text.replace(path, () => wordOf(next))),
      })
    }
  }
  enter(record, '', () => undefined)
  return places
}

function jsonIn(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return null
  try {
    return JSON.parse(text)
  } catch {
    // A text that begins with a bracket.
    return null
  }
}

function wordOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
