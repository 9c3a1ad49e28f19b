import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { writeWhole } from '../../../node/home/files.ts'
import { openHome, readConfigText } from '../../../node/home/home.ts'
import { temporaryDirectory } from '../../support/directory.ts'
import { asNobody } from './as-nobody.ts'

const modeOf = (path: string) => statSync(path).mode & 0o777
const onPosix = process.platform !== 'win32'

async function opened(home: string): Promise<string[]> {
  const warnings: string[] = []
  await openHome(home, (sentence) => warnings.push(sentence))
  return warnings
}

describe('the home', () => {
  test('is made for its owner alone', async () => {
    const home = join(temporaryDirectory(), 'deep', 'home')
    expect(existsSync(home)).toBe(false)
    expect(await opened(home)).toEqual([])
    expect(existsSync(home)).toBe(true)
    if (onPosix) expect(modeOf(home)).toBe(0o700)
  })

  test('is closed to others where it was open, and that is said', async () => {
    const home = temporaryDirectory()
    chmodSync(home, 0o755)
    const warnings = await opened(home)
    if (!onPosix) return
    expect(warnings).toEqual([
      `${home} was open to other users of this machine; it now is open to you alone (0700).`,
    ])
    expect(modeOf(home)).toBe(0o700)
    expect(await opened(home)).toEqual([])
  })

  test.runIf(process.platform === 'linux')('a place that takes no directories is named', async () => {
    await expect(opened('/proc/vibetea/home')).rejects.toThrow(
      "/proc/vibetea/home cannot be used as VibeTea's home: its directory is not there and cannot be made.",
    )
  })

  test('a file in its place is named', async () => {
    const home = join(temporaryDirectory(), 'home')
    writeFileSync(home, '')
    const said = { code: 'not_a_directory', message: expect.stringContaining(home) as string }
    await expect(opened(home)).rejects.toMatchObject(said)
    await expect(opened(join(home, 'below'))).rejects.toMatchObject({ code: 'not_a_directory' })
  })

  test.runIf(onPosix)('one that cannot be written is named', async () => {
    const home = temporaryDirectory()
    chmodSync(home, 0o500)
    await expect(asNobody(() => opened(home))).rejects.toMatchObject({
      code: 'no_permission',
      message: `${home} cannot be used as VibeTea's home: permission is denied.`,
    })
  })

  test('config.json is read, absent, or in the way', async () => {
    const home = temporaryDirectory()
    expect(await readConfigText(home)).toBeNull()
    writeFileSync(join(home, 'config.json'), '{}')
    expect(await readConfigText(home)).toBe('{}')
    const other = temporaryDirectory()
    mkdirSync(join(other, 'config.json'))
    await expect(readConfigText(other)).rejects.toMatchObject({ code: 'not_a_file' })
  })
})

describe('a file that is written whole', () => {
  test('replaces what was there and leaves nothing beside it', async () => {
    const home = temporaryDirectory()
    const path = join(home, 'x')
    await writeWhole(path, 'one')
    await writeWhole(path, 'two')
    expect(readFileSync(path, 'utf8')).toBe('two')
    expect(readdirSync(home)).toEqual(['x'])
    if (onPosix) expect(modeOf(path)).toBe(0o600)
  })

  test('keeps what was there where it cannot be written, and leaves nothing beside it', async () => {
    const home = temporaryDirectory()
    mkdirSync(join(home, 'x', 'y'), { recursive: true })
    await expect(writeWhole(join(home, 'x'), 'one')).rejects.toMatchObject({
      message: expect.stringContaining('x') as string,
    })
    expect(readdirSync(home)).toEqual(['x'])
  })
})
