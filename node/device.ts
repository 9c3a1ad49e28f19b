import { randomBytes } from 'node:crypto'
import { sourceLabel } from '../core/identity.ts'
import { VibeTeaError } from '../core/errors.ts'
import { Rule } from '../core/rule.ts'
import { secretsOf, teamFileKeyOf, teamProjectKeyOf } from '../core/secrets.ts'
import type { KeySource } from '../core/tags.ts'
import { fileKeyOf, fileTagOf, idKeyOf, projectKeyOf } from '../core/tags.ts'
import type { DeviceKey } from './home/device-key.ts'
import type { Warn } from './home/home.ts'
import { loadDeviceKey } from './home/key-files.ts'
import type { Settings } from './home/settings.ts'
import type { SharingDecisions } from './home/sharing.ts'
import type { TeamFile } from './home/team-file.ts'
import { loadSourceName } from './home/source-name.ts'
import { Ignored } from './sources/ignored.ts'
import { nativeBlake2b } from './sources/native-hash.ts'
import type { ProjectKeys } from './sources/projects.ts'
import { Projects } from './sources/projects.ts'

/** Who this machine is: its key, and the label under which it records. */
export interface Device {
  key: DeviceKey
  source: string
}

/** Loads, or at the first start makes, the device's key and name; the home is there. */
export async function loadDevice(settings: Settings, warn: Warn): Promise<Device> {
  const { home, keyPath, privateKey, sourceId, hostName } = settings
  const key = await loadDeviceKey({ keyPath, privateKey, random: randomBytes, warn, hash: nativeBlake2b })
  const name = await loadSourceName(home, { sourceId, hostName, warn })
  return { key, source: sourceLabel(name, key.publicKey) }
}

/** The keys of tags in a team. */
export interface TeamTags {
  /** null for who does not hold W. */
  file: Uint8Array | null
  project: Uint8Array
}

/** What a home in a team makes tags with; null for a mirror, which may not know them. */
export function teamTagsOf({ teamId, role, secret }: TeamFile): TeamTags | null {
  const { write, read } = secretsOf(teamId, role, secret)
  return read && { file: write && teamFileKeyOf(write, teamId), project: teamProjectKeyOf(read) }
}

/** The keys that tags are made with: the device's, and the team's while it is in one. */
export class TagKeys {
  readonly #own: { file: Uint8Array; project: Uint8Array }
  readonly #listeners = new Set<() => void>()
  #team: TeamTags | null = null
  #formerProject: Uint8Array | null = null

  constructor(device: KeySource) {
    this.#own = { file: fileKeyOf(device), project: projectKeyOf(device) }
  }

  get file(): Uint8Array {
    return this.#team?.file ?? this.#own.file
  }

  /** Of project tags; `former` is what they were made with before. */
  get project(): ProjectKeys {
    return { current: this.#team?.project ?? this.#own.project, former: this.#formerProject }
  }

  /** Tags are the team's from now on, or with null the device's again. */
  use(team: TeamTags | null): void {
    const before = this.project.current
    this.#team = team
    if (Buffer.compare(before, this.project.current) !== 0) this.#formerProject = before
    for (const listener of this.#listeners) listener()
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener)
  }
}

/** The keys for a home that is in a team, or in none. */
export function tagKeysOf({ key }: Device, team: TeamFile | null): TagKeys {
  const keys = new TagKeys(key)
  if (team) keys.use(teamTagsOf(team))
  return keys
}

/** The privacy rule of this machine: what node and `preview` both record by. */
export function ruleOf(
  { key, source }: Device,
  settings: Settings,
  sharing: SharingDecisions,
  tagKeys = new TagKeys(key),
  ignored?: Ignored,
): Rule {
  return new Rule({
    source,
    idKey: idKeyOf(key),
    hash: nativeBlake2b,
    rules: {
      allowedExtensions: settings.basenameAllowlist,
      shares: ({ name, tag, ownName }, at, draft) => {
        if (ignored?.keepsOut(draft) === true) return 'excluded'
        // Excluded before it had another name, it still is.
        if (ownName !== undefined && sharing.sharingAt(ownName, tag, at) === 'excluded') return 'excluded'
        return sharing.sharingAt(name, tag, at)
      },
      fileTag: (rootCommit, path) => fileTagOf(tagKeys.file, rootCommit, path, nativeBlake2b),
    },
  })
}

export interface RecordingOptions {
  device: Device
  settings: Settings
  sharing: SharingDecisions
  tagKeys: TagKeys
  /** The user's. */
  homeDirectory: string
  /** ms since 1970. */
  now: () => number
  /** Is told in a sentence what a person should know. */
  say: (sentence: string) => void
}

/** All that decides what is recorded on this machine, and what may be done with it. */
export interface Recording {
  rule: Rule
  projects: Projects
  ignored: Ignored
}

export function recordingOf(options: RecordingOptions): Recording {
  const { device, settings, sharing, tagKeys, homeDirectory, now, say } = options
  const projects = projectsOf(device, homeDirectory, tagKeys, sharing, settings.projectAliases)
  const ignored = new Ignored({ store: sharing, projects, now, say })
  return { rule: ruleOf(device, settings, sharing, tagKeys, ignored), projects, ignored }
}

/** Finds the projects of directories. With `sharing` what was decided about one holds under each of its tags. */
export function projectsOf(
  { key }: Device,
  homeDirectory: string,
  tagKeys = new TagKeys(key),
  sharing?: SharingDecisions,
  aliases: Settings['projectAliases'] = null,
): Projects {
  const projects = new Projects({
    tagKey: tagKeys.project.current,
    hash: nativeBlake2b,
    homeDirectory,
    aliases: aliases ?? new Map(),
    carryOver: async (name, formerTag, tag) => {
      try {
        await sharing?.carryOver(name, formerTag, tag)
      } catch (error) {
        // On a full disk it holds in this process, and comes to the disk with the next decision.
        if (!(error instanceof VibeTeaError)) throw error
      }
    },
  })
  projects.useKeys(tagKeys.project)
  tagKeys.onChange(() => projects.useKeys(tagKeys.project))
  return projects
}
