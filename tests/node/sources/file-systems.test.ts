import { tmpdir } from 'node:os'
import { describe, expect, test } from 'vitest'
import { polledFileSystem, type FileSystemFacts } from '../../../node/sources/file-systems.ts'

function machine(platform: NodeJS.Platform, types: Record<string, number>, mounts = ''): FileSystemFacts {
  return {
    platform,
    type: (path) => Promise.resolve(types[path] ?? 0),
    mounts: () => Promise.resolve(mounts),
  }
}

describe('which file systems are polled', () => {
  test('the local disks of Linux are not', async () => {
    for (const type of [0xef53, 0x9123683e, 0x58465342, 0x01021994, 0x794c7630, 0x2fc12fc1]) {
      expect(await polledFileSystem('/home/me', machine('linux', { '/home/me': type }))).toBeNull()
    }
  })

  test('those of a network or another system are, however the number is given', async () => {
    const kinds = {
      nfs: 0x6969,
      '9p': 0x01021997,
      cifs: 0xff534d42,
      smb2: 0xfe534d42 | 0,
      vboxsf: 0x786f4256,
    }
    for (const [kind, type] of Object.entries(kinds)) {
      expect(await polledFileSystem('/mnt/x', machine('linux', { '/mnt/x': type }))).toBe(kind)
    }
  })

  test('of FUSE those are that others can change', async () => {
    const mounts = [
      '/dev/sda1 / ext4 rw 0 0',
      'me@host: /home/me/far\\040away fuse.sshfs rw 0 0',
      '/dev/sdb1 /media/stick fuseblk rw 0 0',
    ].join('\n')
    const at = (path: string) => polledFileSystem(path, machine('linux', { [path]: 0x65735546 }, mounts))
    expect(await at('/home/me/far away/projects')).toBe('fuse.sshfs')
    expect(await at('/media/stick')).toBeNull()
    expect(await at('/media/stick/.claude')).toBeNull()
  })

  test('a share under Windows is, by its path', async () => {
    const windows = machine('win32', {})
    for (const path of [
      '\\\\server\\share\\x',
      '\\\\?\\UNC\\server\\share',
      '\\\\wsl.localhost\\Ubuntu\\home',
    ]) {
      expect(await polledFileSystem(path, windows)).toBe('network share')
    }
    for (const path of ['C:\\Users\\me', '\\\\?\\C:\\Users\\me']) {
      expect(await polledFileSystem(path, windows)).toBeNull()
    }
  })

  test('any volume of macOS that is not of the kind of its own disk is', async () => {
    const mac = machine('darwin', { '/': 26, '/Users/me': 26, '/Volumes/team': 30 })
    expect(await polledFileSystem('/Users/me', mac)).toBeNull()
    expect(await polledFileSystem('/Volumes/team', mac)).toBe('other volume')
  })

  test('this machine answers for its own directories', async () => {
    expect(await polledFileSystem(tmpdir())).toSatisfy((kind) => kind === null || typeof kind === 'string')
  })
})
