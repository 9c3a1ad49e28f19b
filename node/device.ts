import { randomBytes } from 'node:crypto'
import { sourceLabel } from '../core/identity.ts'
import { Rule } from '../core/rule.ts'
import { fileKeyOf, fileTagOf, idKeyOf, projectKeyOf } from '../core/tags.ts'
import type { DeviceKey } from './home/device-key.ts'
import type { Warn } from './home/home.ts'
import { loadDeviceKey } from './home/key-files.ts'
import type { Settings } from './home/settings.ts'
import type { SharingDecisions } from './home/sharing.ts'
import { loadSourceName } from './home/source-name.ts'
import { nativeBlake2b } from './sources/native-hash.ts'
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

/** The privacy rule of this machine: what node and `preview` both record by. */
export function ruleOf({ key, source }: Device, settings: Settings, sharing: SharingDecisions): Rule {
  const fileKey = fileKeyOf(key)
  return new Rule({
    source,
    idKey: idKeyOf(key),
    hash: nativeBlake2b,
    rules: {
      allowedExtensions: settings.basenameAllowlist,
      shares: ({ name, tag }, at) => sharing.sharingAt(name, tag, at),
      fileTag: (rootCommit, path) => fileTagOf(fileKey, rootCommit, path, nativeBlake2b),
    },
  })
}

/** Finds the projects of directories; their tags are of this device alone. */
export function projectsOf({ key }: Device, homeDirectory: string): Projects {
  return new Projects({ tagKey: projectKeyOf(key), hash: nativeBlake2b, homeDirectory })
}
