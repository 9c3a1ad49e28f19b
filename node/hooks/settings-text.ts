import { VibeTeaError } from '../../core/errors.ts'
import type { HookPaths, Made } from './command.ts'
import { hookCommand, isOurs, madeWith, readCommand } from './command.ts'
import { withItem, withoutItem } from './json-edit.ts'
import type { Item, Place } from './json-places.ts'
import { itemOf, placesOf } from './json-places.ts'

/** VibeTea's hooks in the text of Claude Code's `settings.json`: nothing else in it is touched, not even a space. */

/** The events of which Claude Code tells VibeTea, each with its matcher: a few in a session. */
export const HOOKS: readonly [event: string, matcher: string | null][] = [
  ['SessionStart', null],
  ['SessionEnd', null],
  ['PermissionRequest', '*'],
  ['Notification', 'permission_prompt|elicitation_dialog'],
]

/**
 * Seconds after which Claude Code gives a hook up. At the end of a session it gives all hooks together a second and a
 * half, and more where one of them asks for more: this one does not.
 */
const TIMEOUT_S = 1

/** `complete`: as `withHooks` writes them. `other`: some are missing, or are another VibeTea's. */
export type HooksState = 'complete' | 'other' | 'none'

export interface FoundHooks {
  state: HooksState
  /** What the commands run, each once. */
  paths: HookPaths[]
  /** Whether the settings say that no hook is run at all. */
  isDisabled: boolean
}

/** A hook of VibeTea's: where it stands, and what its command says. */
interface Ours {
  event: string
  /** The list or object that loses an item with it, and which. */
  container: Place
  index: number
  command: string
  made: Made
}

/** The text with VibeTea's hooks, which is the same text where it has them. Throws a `VibeTeaError` about `file`. */
export function withHooks(text: string, paths: HookPaths, file: string): string {
  if (findHooks(text, paths, file).state === 'complete') return text
  const { bom, body } = parts(withoutHooks(text, file))
  const made = { hooks: hooksOf(body, file) === null }
  const edited = HOOKS.reduce(
    (json, [event, matcher]) => withHook(json, event, matcher, paths, made.hooks, file),
    body,
  )
  return bom + edited
}

/** The text without VibeTea's hooks, and without the brackets that came with them, as far as those are empty. */
export function withoutHooks(text: string, file: string): string {
  const { bom, body } = parts(text)
  const made = { lists: new Set<string>(), hooks: false }
  let json = body
  for (let [ours] = allOurs(json, file); ours; [ours] = allOurs(json, file)) {
    if (ours.made.list) made.lists.add(ours.event)
    made.hooks ||= ours.made.hooks
    json = withoutItem(json, ours.container, ours.index)
  }
  if (json === body) return text
  for (const event of made.lists) json = withoutEmpty(json, hooksOf(json, file), event)
  return bom + (made.hooks ? withoutEmpty(json, placesOf(json), 'hooks') : json)
}

/** What there is of VibeTea's hooks. */
export function findHooks(text: string, paths: HookPaths, file: string): FoundHooks {
  const { body } = parts(text)
  const all = allOurs(body, file)
  const found = new Map<string, HookPaths>()
  for (const { command } of all) {
    const read = readCommand(command)
    if (read) found.set(JSON.stringify(read.paths), read.paths)
  }
  const settings = JSON.parse(body) as { disableAllHooks?: unknown; hooks?: Record<string, unknown[]> }
  const isComplete =
    all.length === HOOKS.length &&
    HOOKS.every(([event, matcher]) => {
      const ours = all.find((each) => each.event === event)
      const group = JSON.stringify(ours && groupOf(matcher, paths, ours.made))
      return ours && settings.hooks?.[event]?.some((each) => JSON.stringify(each) === group)
    })
  return {
    state: isComplete ? 'complete' : all.length > 0 ? 'other' : 'none',
    paths: [...found.values()],
    isDisabled: settings.disableAllHooks === true,
  }
}

function withHook(
  json: string,
  event: string,
  matcher: string | null,
  paths: HookPaths,
  madeHooks: boolean,
  file: string,
): string {
  const hooks = hooksOf(json, file)
  const list = hooks && listOf(hooks, event, file)
  const group = groupOf(matcher, paths, { list: !list, hooks: madeHooks })
  if (list) return withItem(json, list, null, group)
  if (hooks) return withItem(json, hooks, event, [group])
  return withItem(json, placesOf(json), 'hooks', { [event]: [group] })
}

const groupOf = (matcher: string | null, paths: HookPaths, made: Made) => ({
  ...(matcher !== null && { matcher }),
  hooks: [{ type: 'command', command: hookCommand(paths, made), timeout: TIMEOUT_S }],
})

function withoutEmpty(json: string, object: Place | null, name: string): string {
  const item = object && itemOf(object, name)
  return item?.place.items.length === 0 ? withoutItem(json, object!, object!.items.indexOf(item)) : json
}

/** In groups of their own they go with the group. */
function allOurs(json: string, file: string): Ours[] {
  const hooks = hooksOf(json, file)
  return (hooks?.items ?? []).flatMap(({ name, place: list }) =>
    list.items.flatMap(({ place: group }, index) => {
      const inner = itemOf(group, 'hooks')?.place
      const commands = (inner?.items ?? []).map((item) => ourCommand(json, item))
      if (commands.every((command) => command !== null)) {
        return commands.map((command) => ({
          event: name!,
          container: list,
          index,
          command,
          made: madeWith(command),
        }))
      }
      return commands.flatMap((command, at) =>
        command === null
          ? []
          : { event: name!, container: inner!, index: at, command, made: madeWith(command) },
      )
    }),
  )
}

function ourCommand(json: string, { place }: Item): string | null {
  const item = place.kind === 'object' ? itemOf(place, 'command') : undefined
  if (!item) return null
  const command: unknown = JSON.parse(json.slice(item.place.start, item.place.end))
  return typeof command === 'string' && isOurs(command) ? command : null
}

/** What is under "hooks"; null where nothing is. */
function hooksOf(json: string, file: string): Place | null {
  const root = read(json, file)
  if (root.kind !== 'object') throw unusable(file, 'does not hold an object')
  const hooks = itemOf(root, 'hooks')?.place
  if (hooks && hooks.kind !== 'object') throw unusable(file, 'has something else than an object as "hooks"')
  return hooks ?? null
}

function listOf(hooks: Place, event: string, file: string): Place | null {
  const list = itemOf(hooks, event)?.place
  if (list && list.kind !== 'list') throw unusable(file, `has something else than a list for ${event}`)
  return list ?? null
}

function read(json: string, file: string): Place {
  try {
    return placesOf(json)
  } catch (error) {
    if (error instanceof RangeError) throw unusable(file, 'is nested too deep')
    if (error instanceof SyntaxError) throw unusable(file, 'is not valid JSON')
    throw error
  }
}

/** A file that holds nothing is one without settings. */
function parts(text: string): { bom: string; body: string } {
  const bom = text.startsWith('\ufeff') ? '\ufeff' : ''
  const body = text.slice(bom.length)
  return { bom, body: body.trim() === '' ? '{}\n' : body }
}

function unusable(file: string, why: string): VibeTeaError {
  return new VibeTeaError(
    'settings_unusable',
    `${file} ${why}.`,
    'Mend it first; JSON has no comments. Nothing was changed.',
  )
}
