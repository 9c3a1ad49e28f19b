import { readFile, statfs } from 'node:fs/promises'
import { posix } from 'node:path'

/**
 * File systems on which others' changes give no notice, by the number statfs gives on Linux
 * (linux/magic.h; smb2pdu.h, vboxsf, vmhgfs, lustre and drvfs in their own sources).
 */
const FOREIGN_ON_LINUX: Readonly<Record<number, string>> = {
  0x6969: 'nfs',
  0x517b: 'smb',
  0xff534d42: 'cifs',
  0xfe534d42: 'smb2',
  0x01021997: '9p',
  0x53464846: 'drvfs',
  0x786f4256: 'vboxsf',
  0xbacbacbc: 'vmhgfs',
  0x7c7c6673: 'prl_fs',
  0x6a656a63: 'fakeowner',
  0x00c36400: 'ceph',
  0x5346414f: 'afs',
  0x6b414653: 'kafs',
  0x73757245: 'coda',
  0x0bd00bd0: 'lustre',
  0x01161970: 'gfs2',
  0x7461636f: 'ocfs2',
  0x47504653: 'gpfs',
}
const FUSE = 0x65735546

/** Kinds of FUSE whose files only this machine changes, through the mount itself. */
const LOCAL_FUSE = new Set([
  'fuseblk',
  'fuse.ntfs',
  'fuse.ntfs-3g',
  'fuse.fuse-overlayfs',
  'fuse.mergerfs',
  'fuse.gocryptfs',
  'fuse.encfs',
  'fuse.cryfs',
])

/** What the kinds are read from; tests pass their own. */
export interface FileSystemFacts {
  platform: NodeJS.Platform
  /** The number of the file system's type; throws where the path does not exist. */
  type(path: string): Promise<number>
  /** The text of /proc/mounts (proc(5)). */
  mounts(): Promise<string>
}

export const systemFacts: FileSystemFacts = {
  platform: process.platform,
  type: async (path) => (await statfs(path)).type,
  mounts: () => readFile('/proc/mounts', 'utf8'),
}

/**
 * The kind of file system that must be polled at `path`, as a person would name it, or null where the system tells of
 * changes. `path` is real and absolute. In doubt it is polled, which costs more and misses nothing.
 */
export async function polledFileSystem(path: string, facts = systemFacts): Promise<string | null> {
  if (facts.platform === 'win32') return isUnc(path) ? 'network share' : null
  const type = (await facts.type(path)) >>> 0
  if (facts.platform === 'linux') {
    return type === FUSE ? fuseKind(path, await facts.mounts()) : (FOREIGN_ON_LINUX[type] ?? null)
  }
  // Numbers of types differ between versions of macOS and the BSDs, but the system's own disk is never a network's.
  return type === (await facts.type('/')) >>> 0 ? null : 'other volume'
}

/** `\\server\share\…`, also as `\\?\UNC\…`; the real path of a mapped drive has this form too. */
function isUnc(path: string): boolean {
  return /^[\\/]{2}(?![?.][\\/])/.test(path) || /^[\\/]{2}\?[\\/]UNC[\\/]/i.test(path)
}

function fuseKind(path: string, mounts: string): string | null {
  let best = { point: '', kind: 'fuse' }
  for (const line of mounts.split('\n')) {
    const [, escaped, kind] = line.split(' ')
    if (escaped === undefined || kind === undefined) continue
    const point = escaped.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)))
    const below = posix.relative(point, path)
    // The last of equals is mounted over the others.
    if (!below.startsWith('..') && point.length >= best.point.length) best = { point, kind }
  }
  return LOCAL_FUSE.has(best.kind) ? null : best.kind
}
