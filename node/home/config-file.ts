import { z } from 'zod'
import { VibeTeaError } from '../../core/errors.ts'

/** `config.json`: the same settings as the environment, under their names in camelCase. */

const Text = z.union([z.string(), z.number()]).transform(String)
const Config = z.record(z.string(), z.union([Text, z.array(Text), z.record(z.string(), Text)]))

/** A value as it was written: text, or where the file has an array or an object a list of texts, or texts by name. */
export type RawValue = string | readonly string[] | Readonly<Record<string, string>>

const REMEDY = 'Correct the file, or move it away to go on without it.'

/**
 * The settings in the text of a `config.json`. `path` is for the errors, which are `VibeTeaError`s: `invalid_config`
 * for text that is not JSON or not an object, `invalid_setting` for a key that is not one of `keys` and for a value that
 * is neither text, nor a number, nor a list or an object of those.
 */
export function parseConfig(text: string, path: string, keys: readonly string[]): Map<string, RawValue> {
  const json = parseJson(text.replace(/^\uFEFF/, ''), path)
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new VibeTeaError(
      'invalid_config',
      `${path} must hold one JSON object, like {"port": 8832}.`,
      REMEDY,
    )
  }
  const unknown = Object.keys(json).find((key) => !keys.includes(key))
  if (unknown !== undefined) {
    throw new VibeTeaError(
      'invalid_setting',
      `${path} has a setting ${JSON.stringify(unknown)} that VibeTea does not know.`,
      `Allowed are ${keys.join(', ')}.`,
    )
  }
  const parsed = Config.safeParse(json)
  if (parsed.success) return new Map(Object.entries(parsed.data))
  const key = String(parsed.error.issues[0]!.path[0])
  const value = JSON.stringify((json as Record<string, unknown>)[key])
  throw new VibeTeaError(
    'invalid_setting',
    `${JSON.stringify(key)} in ${path} is ${value}.`,
    'Allowed are text, a number, or a list or an object of those.',
  )
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const lines = text.slice(0, failsAt(text)).split('\n')
    const where = `line ${lines.length}, column ${lines.at(-1)!.length + 1}`
    throw new VibeTeaError('invalid_config', `${path} is not valid JSON at ${where}.`, REMEDY, {
      cause: error,
    })
  }
}

/**
 * Where JSON goes wrong: the length of the longest beginning that something could still follow. `JSON.parse` itself does
 * not tell in all cases, but it fails at the end of such a beginning and inside any other.
 */
function failsAt(text: string): number {
  let good = 0
  let bad = text.length + 1
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    if (couldGoOn(text.slice(0, middle))) good = middle
    else bad = middle
  }
  return good
}

function couldGoOn(beginning: string): boolean {
  try {
    JSON.parse(beginning)
    return true
  } catch (error) {
    const { message } = error as SyntaxError
    if (/^Unexpected end|^Unterminated/.test(message)) return true
    const position = /at position (\d+)/.exec(message)
    return position !== null && Number(position[1]) >= beginning.length
  }
}
