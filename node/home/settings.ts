import { join } from 'node:path'
import type { Assistant } from '../../core/events.ts'
import { ASSISTANTS } from '../../core/events.ts'
import { DEFAULT_PORT } from '../../core/api.ts'
import { VibeTeaError } from '../../core/errors.ts'
import type { RawValue } from './config-file.ts'
import { parseConfig } from './config-file.ts'
import type { Kind, Place } from './setting-kinds.ts'
import * as kinds from './setting-kinds.ts'

/** Everything that can be set: flag over environment over `config.json` in `VIBETEA_HOME` over default. */

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

/** The settings that have one value, by their key in `config.json`; the flag is the same in kebab-case. */
const KINDS = {
  keyPath: kinds.path,
  privateKey: kinds.secretKey,
  sourceId: kinds.sourceName,
  basenameAllowlist: kinds.extensions,
  projectAliases: kinds.aliases,
  port: kinds.wholeNumber(0, 65535),
  bootstrap: kinds.endpoints,
  retentionDays: kinds.wholeNumber(1, 3650),
  historyDays: kinds.wholeNumber(1, 3650),
  logLevel: kinds.oneOf(LOG_LEVELS),
  supabaseUrl: kinds.webAddress,
  supabaseKey: kinds.secretText,
  supabaseBatchIntervalSecs: kinds.wholeNumber(1, 3600),
  supabaseRetryLimit: kinds.wholeNumber(1, 10),
  subscriberToken: kinds.secretText,
} satisfies Record<string, Kind<unknown>>

type Values = { [Key in keyof typeof KINDS]: Exclude<ReturnType<(typeof KINDS)[Key]['read']>, undefined> }
type WithDefault =
  | 'keyPath'
  | 'port'
  | 'retentionDays'
  | 'historyDays'
  | 'logLevel'
  | 'supabaseBatchIntervalSecs'
  | 'supabaseRetryLimit'

export type Settings = Pick<Values, WithDefault> & {
  [Key in Exclude<keyof Values, WithDefault>]: Values[Key] | null
} & {
  /** Absolute. */
  home: string
  /** Where each assistant's sessions are, absolute; one that is not set has its adapter's default. */
  directories: Partial<Record<Assistant, readonly string[]>>
  /** Of this machine, without its domain. */
  hostName: string
  /** Variables of the environment that begin with `VIBETEA_` and mean nothing to VibeTea: most likely typing errors. */
  unknownVariables: readonly string[]
}

/** The key of an assistant's directories: `claudeDir`. */
export type DirectoryKey = `${Assistant}Dir`
export type FlagName = keyof typeof KINDS | DirectoryKey | 'home'

export interface SettingSources {
  env: Readonly<Record<string, string | undefined>>
  flags: Readonly<Partial<Record<FlagName, string>>>
  /** The text of `config.json` in `homeOf(…)`, null where there is none. */
  configText: string | null
  /** The user's, for `~`. */
  homeDirectory: string
  hostname: string
  /** From where relative paths of flags and the environment count. */
  workingDirectory: string
}

const DIRECTORY_KEYS = ASSISTANTS.map((assistant): DirectoryKey => `${assistant}Dir`)
/** What `config.json` may set: everything but the home that it lies in. */
export const CONFIG_KEYS: readonly string[] = [...Object.keys(KINDS), ...DIRECTORY_KEYS]

/** Variables that other parts read by themselves: a team key is never kept among the settings. */
export const OTHER_VARIABLES = ['VIBETEA_HOME', 'VIBETEA_TEAM_KEY', 'VIBETEA_TEAM_KEY_FILE']

/** `historyDays` → `VIBETEA_HISTORY_DAYS`. */
export function variableOf(key: string): string {
  return `VIBETEA_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
}

const flagOf = (key: string): string => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

/** Where a value was found, so that an error can name the place. */
interface Found {
  name: string
  raw: RawValue
  base: string
}

function find(
  key: FlagName,
  sources: SettingSources,
  config: Map<string, RawValue>,
  home: string,
): Found | null {
  const flag = sources.flags[key]
  if (flag !== undefined) return { name: flagOf(key), raw: flag, base: sources.workingDirectory }
  const variable = variableOf(key)
  const value = sources.env[variable]
  // An empty variable is how shells and service files unset one.
  if (value !== undefined && value.trim() !== '') {
    return { name: variable, raw: value, base: sources.workingDirectory }
  }
  const configured = config.get(key)
  if (configured === undefined) return null
  return { name: `"${key}" in ${join(home, 'config.json')}`, raw: configured, base: home }
}

function read<Value>(kind: Kind<Value>, found: Found, homeDirectory: string): Value {
  const place: Place = { homeDirectory, base: found.base }
  const value = kind.read(found.raw, place)
  if (value !== undefined) return value
  const faulty = kind.fault?.(found.raw) ?? found.raw
  const shown = kind.isSecret ? 'cannot be used' : `is ${JSON.stringify(faulty)}`
  throw new VibeTeaError('invalid_setting', `${found.name} ${shown}.`, `Allowed is ${kind.allowed}.`)
}

/** `VIBETEA_HOME`, absolute: flag over environment over `~/.vibetea`. Throws `invalid_setting`. */
export function homeOf(sources: Omit<SettingSources, 'configText' | 'hostname'>): string {
  const found = find('home', { ...sources, configText: null, hostname: '' }, new Map(), '')
  return found ? read(kinds.path, found, sources.homeDirectory) : join(sources.homeDirectory, '.vibetea')
}

/**
 * Every setting. A wrong value throws a `VibeTeaError` `invalid_setting` that names the flag, the variable or the key,
 * the value and what is allowed; a `config.json` that is not JSON throws `invalid_config`.
 */
export function readSettings(sources: SettingSources): Settings {
  const home = homeOf(sources)
  const config =
    sources.configText === null
      ? new Map<string, RawValue>()
      : parseConfig(sources.configText, join(home, 'config.json'), CONFIG_KEYS)

  const value = <Key extends keyof Values>(key: Key): Values[Key] | null => {
    const found = find(key, sources, config, home)
    return found && (read<unknown>(KINDS[key], found, sources.homeDirectory) as Values[Key])
  }
  const directories: Settings['directories'] = {}
  for (const assistant of ASSISTANTS) {
    const found = find(`${assistant}Dir`, sources, config, home)
    if (found) directories[assistant] = read(kinds.paths, found, sources.homeDirectory)
  }

  const known = new Set([...CONFIG_KEYS.map(variableOf), ...OTHER_VARIABLES])
  return {
    home,
    keyPath: value('keyPath') ?? home,
    privateKey: value('privateKey'),
    sourceId: value('sourceId'),
    basenameAllowlist: value('basenameAllowlist'),
    projectAliases: value('projectAliases'),
    port: value('port') ?? DEFAULT_PORT,
    bootstrap: value('bootstrap'),
    retentionDays: value('retentionDays') ?? 30,
    historyDays: value('historyDays') ?? 365,
    logLevel: value('logLevel') ?? 'info',
    supabaseUrl: value('supabaseUrl'),
    supabaseKey: value('supabaseKey'),
    supabaseBatchIntervalSecs: value('supabaseBatchIntervalSecs') ?? 60,
    supabaseRetryLimit: value('supabaseRetryLimit') ?? 3,
    subscriberToken: value('subscriberToken'),
    directories,
    hostName: sources.hostname.split('.')[0]!,
    unknownVariables: Object.keys(sources.env).filter(
      (name) => name.startsWith('VIBETEA_') && !known.has(name),
    ),
  }
}
