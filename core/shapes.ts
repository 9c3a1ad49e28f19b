/**
 * The privacy rule's shapes: which text may stand in an event at all. Writers make their fields fit, readers refuse
 * what does not. Names come from models and proxies and can be any text, so each shape is an allow-list.
 */

const BASE_NAME = /^[A-Za-z0-9._@+()[\]-]{1,80}$/
const LONG_RUN = /[A-Za-z0-9]{24,}/g
const TOOL_NAME = /^[A-Za-z0-9_.:-]{1,128}$/
const MODEL = /^[A-Za-z0-9_.:/@-]{1,128}$/
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const EVENT_ID = /^evt_[a-z0-9]{20}$/
const SOURCE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/
const SOURCE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}-[ybndrfg8ejkmcpqxot1uwisza345h769]{6}$/
const TAG = /^[ybndrfg8ejkmcpqxot1uwisza345h769]{12}$/

/** What stands for a name that does not fit its shape. */
export const OTHER = 'other'

/** A run of 24 or more letters and digits that mixes the two looks like a key or a hash. */
function looksLikeSecret(text: string): boolean {
  return (text.match(LONG_RUN) ?? []).some((run) => /[0-9]/.test(run) && /[A-Za-z]/.test(run))
}

/** ASCII letters, digits and `._@+()[]-`, 1 to 80, without a run of 24 that mixes letters and digits; not `.` or `..`. */
export function isBaseName(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    BASE_NAME.test(value) &&
    value !== '.' &&
    value !== '..' &&
    (value.length < 24 || !looksLikeSecret(value))
  )
}

/** `[A-Za-z0-9_.:-]{1,128}`: tool names and agent types. */
export function isToolName(value: unknown): value is string {
  return typeof value === 'string' && TOOL_NAME.test(value)
}

/** A tool name with `/` and `@` besides. */
export function isModel(value: unknown): value is string {
  return typeof value === 'string' && MODEL.test(value)
}

export function isSessionId(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value)
}

export function isEventId(value: unknown): value is string {
  return typeof value === 'string' && EVENT_ID.test(value)
}

export function isSource(value: unknown): value is string {
  return typeof value === 'string' && SOURCE.test(value)
}

/** The part of a source before its last `-`: 1 to 63 ASCII letters, digits and `._-`, the first not of these three. */
export function isSourceName(value: string): boolean {
  return SOURCE_NAME.test(value)
}

/** What a machine or a person is called, as the name of a source: what may not stand in one becomes `-`. */
export function fitSourceName(name: string): string {
  const fitted = name.replace(/[^A-Za-z0-9._-]/g, '-').replace(/^[^A-Za-z0-9]+/, '')
  return fitted.slice(0, 63) || 'node'
}

/** `projectTag`, `fileTag`, `callId` and `agentId`: 12 z-base-32 characters of a keyed hash. */
export function isTag(value: unknown): value is string {
  return typeof value === 'string' && TAG.test(value)
}

/** The last part of a path of any system, or '' where there is none. */
export function lastPathPart(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
}

/** A tool's or an agent type's name as it may be shown: itself where it fits, else `other`. */
export function toolName(value: unknown): string {
  return isToolName(value) ? value : OTHER
}

/** An address, or a file of the machine that runs the model: a path from a root, a drive or a parent folder. */
const PLACE = /:\/\/|^\/|^[A-Za-z]:\/|(^|\/)\.\.?(\/|$)/

/** A model's name as it may be shown: itself where it fits, else `other`. Local servers name a model by its file. */
export function modelName(value: unknown): string {
  return isModel(value) && !PLACE.test(value) ? value : OTHER
}

/** What stands for a project whose name is not known, would be nothing or looks like a key. */
export const NAMELESS = 'project'

/**
 * A project's name: what the base-name rule does not allow becomes `-`, and 80 characters are kept. Of a path only the
 * last part counts.
 */
export function projectName(name: string): string {
  const last = lastPathPart(name.replace(/[/\\]+$/, ''))
  const fitted = last.replace(/[^A-Za-z0-9._@+()[\]-]/gu, '-').slice(0, 80)
  return isBaseName(fitted) ? fitted : NAMELESS
}
