import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { publicKeyOf } from '../../../core/identity.ts'
import { loadDeviceKey } from '../../../node/home/key-files.ts'
import { temporaryDirectory } from '../../support/directory.ts'
import { asNobody } from './as-nobody.ts'

const onPosix = process.platform !== 'win32'
const modeOf = (path: string) => statSync(path).mode & 0o777

/** Numbers that look random and are the same in every run. */
function seededRandom(seed: string): (bytes: number) => Uint8Array {
  let count = 0
  return (bytes) =>
    new Uint8Array(createHash('sha256').update(`${seed}${count++}`).digest().subarray(0, bytes))
}

async function load(keyPath: string, privateKey: Uint8Array | null = null, random = seededRandom('a')) {
  const warnings: string[] = []
  const key = await loadDeviceKey({ keyPath, privateKey, random, warn: (said) => warnings.push(said) })
  return { key, warnings }
}

describe('the files of the device key', () => {
  test('are made at the first start and the same at the next', async () => {
    const keyPath = join(temporaryDirectory(), 'keys')
    const { key, warnings } = await load(keyPath)
    expect(warnings).toEqual([])
    const secret = readFileSync(join(keyPath, 'key.priv'))
    expect(secret).toHaveLength(32)
    expect(publicKeyOf(secret)).toEqual(key.publicKey)
    expect(readFileSync(join(keyPath, 'key.pub'), 'utf8')).toBe(
      Buffer.from(key.publicKey).toString('base64') + '\n',
    )
    expect(readdirSync(keyPath).sort()).toEqual(['key.priv', 'key.pub'])
    if (onPosix) {
      expect(modeOf(join(keyPath, 'key.priv'))).toBe(0o600)
      expect(modeOf(join(keyPath, 'key.pub'))).toBe(0o644)
    }
    const again = await load(keyPath, null, seededRandom('b'))
    expect(again.key.device).toBe(key.device)
    expect(again.warnings).toEqual([])
  })

  test('are one key for all that start at once', async () => {
    const keyPath = temporaryDirectory()
    const loaded = await Promise.all(
      Array.from({ length: 8 }, (_, index) => load(keyPath, null, seededRandom(String(index)))),
    )
    expect(new Set(loaded.map(({ key }) => key.device)).size).toBe(1)
  })

  test('are neither read nor made where the settings give the key', async () => {
    const keyPath = join(temporaryDirectory(), 'keys')
    const secret = new Uint8Array(32).fill(7)
    const { key } = await load(keyPath, secret)
    expect(key.publicKey).toEqual(publicKeyOf(secret))
    expect(() => statSync(keyPath)).toThrow('ENOENT')
  })

  test.each([0, 31, 33, 64])('a key of %i bytes is refused and left as it is', async (length) => {
    const keyPath = temporaryDirectory()
    const path = join(keyPath, 'key.priv')
    writeFileSync(path, Buffer.alloc(length, 1), { mode: 0o600 })
    await expect(load(keyPath)).rejects.toMatchObject({
      code: 'invalid_key',
      message: `${path} is not a device key: it holds ${length} bytes, and a device key has exactly 32.`,
    })
    expect(readFileSync(path)).toHaveLength(length)
  })

  test('a directory in place of the key is named', async () => {
    const keyPath = temporaryDirectory()
    mkdirSync(join(keyPath, 'key.priv'))
    await expect(load(keyPath)).rejects.toMatchObject({
      code: 'invalid_key',
      message: `${join(keyPath, 'key.priv')} is not a device key: it is not a file.`,
    })
  })

  test.runIf(onPosix)('a key that cannot be read is named and not replaced', async () => {
    const keyPath = temporaryDirectory()
    chmodSync(keyPath, 0o755)
    await load(keyPath)
    await expect(asNobody(() => load(keyPath, null, seededRandom('b')))).rejects.toMatchObject({
      code: 'no_permission',
      message: `${join(keyPath, 'key.priv')} cannot be read: permission is denied.`,
    })
  })

  test.runIf(onPosix)('a key that others can read is closed to them, and that is said', async () => {
    const keyPath = temporaryDirectory()
    await load(keyPath)
    const path = join(keyPath, 'key.priv')
    chmodSync(path, 0o644)
    expect((await load(keyPath)).warnings).toEqual([
      `${path} could be read by other users of this machine; it now is readable by you alone (0600).`,
    ])
    expect(modeOf(path)).toBe(0o600)
  })

  test('a public key of another secret is written anew, and that is said', async () => {
    const keyPath = temporaryDirectory()
    const { key } = await load(keyPath)
    const path = join(keyPath, 'key.pub')
    writeFileSync(path, 'something else')
    expect((await load(keyPath)).warnings).toEqual([
      `${path} was not the public key of key.priv; it has been written anew.`,
    ])
    expect(readFileSync(path, 'utf8').trim()).toBe(Buffer.from(key.publicKey).toString('base64'))
  })

  test('a lost secret is not silently replaced by a new identity', async () => {
    const keyPath = temporaryDirectory()
    await load(keyPath)
    rmSync(join(keyPath, 'key.priv'))
    await expect(load(keyPath)).rejects.toMatchObject({ code: 'key_missing' })
    expect(readdirSync(keyPath)).toEqual(['key.pub'])
  })
})
