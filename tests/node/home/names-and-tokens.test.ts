import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sourceLabel } from '../../../core/identity.ts'
import { isSource } from '../../../core/shapes.ts'
import { ApiToken, readApiToken } from '../../../node/home/api-token.ts'
import { loadSourceName } from '../../../node/home/source-name.ts'
import { temporaryDirectory } from '../../support/directory.ts'

async function name(home: string, hostName: string, sourceId: string | null = null) {
  const warnings: string[] = []
  return {
    name: await loadSourceName(home, { hostName, sourceId, warn: (said) => warnings.push(said) }),
    warnings,
  }
}

test('a source is called after its host at the first start, whatever the host is called later', async () => {
  const home = temporaryDirectory()
  expect(await name(home, 'macbook')).toEqual({ name: 'macbook', warnings: [] })
  expect(await name(home, 'dhcp-10-0-0-7')).toEqual({ name: 'macbook', warnings: [] })
})

test('the name that is set is taken at the first start; another one later is refused aloud', async () => {
  const home = temporaryDirectory()
  expect((await name(home, 'macbook', 'ada')).name).toBe('ada')
  const later = await name(home, 'macbook', 'bob')
  expect(later.name).toBe('ada')
  expect(later.warnings).toEqual([
    'VIBETEA_SOURCE_ID is bob, but this node has recorded as ada since its first start and keeps to it.',
  ])
})

test.each(['', '...', 'Ädas Büro', '-x', 'x'.repeat(80), 'local host'])(
  'a host called %j gives a source that events can carry, the same at the next start',
  async (hostName) => {
    const home = temporaryDirectory()
    const first = await name(home, hostName)
    expect(isSource(sourceLabel(first.name, new Uint8Array(32)))).toBe(true)
    expect(await name(home, 'other')).toEqual(first)
  },
)

test('a token replaces the last one, is for its owner alone and gone when the node has ended', async () => {
  const home = temporaryDirectory()
  const first = await ApiToken.write(home, 'one')
  expect(await readApiToken(first.path)).toBe('one')
  const second = await ApiToken.write(home, 'two')
  expect(second.path).toBe(join(home, 'api-token'))
  expect(readFileSync(second.path, 'utf8')).toBe('two\n')
  if (process.platform !== 'win32') expect(statSync(second.path).mode & 0o777).toBe(0o600)
  await second.remove()
  expect(await readApiToken(second.path)).toBeNull()
  await second.remove()
})

test('a token that cannot be written is named', async () => {
  const home = temporaryDirectory()
  mkdirSync(join(home, 'api-token'))
  writeFileSync(join(home, 'api-token', 'x'), '')
  await expect(ApiToken.write(home, 'one')).rejects.toMatchObject({ code: 'not_a_file' })
})

test('a source file that holds no name is said, not replaced: a new name would count everything again', async () => {
  const home = temporaryDirectory()
  writeFileSync(join(home, 'source'), 'my laptop\n')
  await expect(name(home, 'macbook')).rejects.toMatchObject({
    code: 'invalid_source',
    message: `${join(home, 'source')} holds "my laptop", which cannot be the name of a source.`,
  })
  expect(readFileSync(join(home, 'source'), 'utf8')).toBe('my laptop\n')
})
