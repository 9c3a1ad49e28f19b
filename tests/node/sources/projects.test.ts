import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { projectTagOf } from '../../../core/tags.ts'
import { normalisedUrl } from '../../../node/sources/git.ts'
import { nativeBlake2b } from '../../../node/sources/native-hash.ts'
import type { ProjectsOptions } from '../../../node/sources/projects.ts'
import { Projects } from '../../../node/sources/projects.ts'

const TAG_KEY = new Uint8Array(32).fill(3)

let base: string
let shop: string

function git(directory: string, ...args: string[]): string {
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', '-c', 'commit.gpgsign=false']
  const settings = [...identity, '-c', 'protocol.file.allow=always', '-c', 'init.defaultBranch=main']
  return execFileSync('git', ['-C', directory, ...settings, ...args], { stdio: ['ignore', 'pipe', 'ignore'] })
    .toString()
    .trim()
}

const find = (cwd: string | null, more: Partial<ProjectsOptions> = {}) =>
  new Projects({ tagKey: TAG_KEY, hash: nativeBlake2b, homeDirectory: join(base, 'home'), ...more }).resolve(
    cwd,
  )

beforeAll(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), 'vibetea-projects-')))
  shop = join(base, 'shop')
  await mkdir(join(shop, 'src'), { recursive: true })
  await mkdir(join(base, 'home/notes'), { recursive: true })
  git(shop, 'init')
  git(shop, 'commit', '--allow-empty', '-m', 'one')
  git(shop, 'commit', '--allow-empty', '-m', 'two')
})
afterAll(() => rm(base, { recursive: true, force: true }))

describe('the project of a directory', () => {
  test('is its repository, with a tag of the first commit', async () => {
    const rootCommit = git(shop, 'rev-list', '--max-parents=0', 'HEAD')
    const tag = projectTagOf(TAG_KEY, rootCommit)
    expect(await find(join(shop, 'src'))).toEqual({ name: 'shop', root: shop, rootCommit, tag })
    expect(await find(shop)).toEqual({ name: 'shop', root: shop, rootCommit, tag })
  })

  test('is the repository of a work tree, wherever that lies, with the work tree as root', async () => {
    const { tag } = await find(shop)
    const beside = join(base, 'shop-hotfix')
    const below = join(shop, '.claude/worktrees/brave-pot')
    git(shop, 'worktree', 'add', beside)
    git(shop, 'worktree', 'add', below)
    expect(await find(beside)).toMatchObject({ name: 'shop', root: beside, tag })
    expect(await find(below)).toMatchObject({ name: 'shop', root: below, tag })
    git(shop, 'worktree', 'remove', below)
    expect(await find(join(below, 'src'))).toMatchObject({ name: 'shop', root: below, tag })
    await rm(join(shop, '.git/worktrees'), { recursive: true })
    expect(await find(beside)).toMatchObject({ name: 'shop', root: beside, tag })
  })

  test('is the repository of a directory in it that is gone', async () => {
    expect(await find(join(shop, 'gone/long/ago'))).toMatchObject({ name: 'shop', root: shop })
  })

  test('is a bare repository without its ending, and its work trees are its own', async () => {
    const bare = join(base, 'kettle.git')
    git(base, 'clone', '--bare', shop, bare)
    git(bare, 'worktree', 'add', join(base, 'steam'))
    expect((await find(bare)).name).toBe('kettle')
    expect((await find(join(base, 'steam'))).name).toBe('kettle')
    const hidden = join(base, 'pots/.bare')
    git(base, 'clone', '--bare', shop, hidden)
    git(hidden, 'worktree', 'add', join(base, 'pots/feature'))
    expect((await find(join(base, 'pots/feature'))).name).toBe('pots')
  })

  test('is a submodule by itself', async () => {
    const outer = join(base, 'outer')
    await mkdir(outer)
    git(outer, 'init')
    git(outer, 'commit', '--allow-empty', '-m', 'outer')
    git(outer, 'submodule', 'add', shop, 'libs/cups')
    const inner = await find(join(outer, 'libs/cups'))
    expect(inner).toMatchObject({ name: 'cups', root: join(outer, 'libs/cups'), tag: (await find(shop)).tag })
    expect(inner.tag).not.toBe((await find(outer)).tag)
  })

  test('is told apart by its origin where the clone is shallow', async () => {
    const shallow = join(base, 'shallow')
    git(base, 'clone', '--depth', '1', `file://${shop}`, shallow)
    git(shallow, 'remote', 'set-url', 'origin', 'https://ada:SECRET@example.org/tea/Shop.git')
    expect(await find(shallow)).toMatchObject({ name: 'shallow', rootCommit: 'example.org/tea/Shop' })
  })

  test('has no tag where there is no commit, or no git', async () => {
    const fresh = join(base, 'fresh')
    await mkdir(fresh)
    git(fresh, 'init')
    expect(await find(fresh)).toEqual({ name: 'fresh', root: fresh })
    expect(await find(shop, { runGit: () => Promise.resolve(null) })).toEqual({ name: 'shop', root: shop })
  })

  test('is `home` in a home directory, and the folder’s name below it', async () => {
    expect(await find(join(base, 'home'))).toEqual({ name: 'home' })
    expect(await find(join(base, 'home/notes'))).toEqual({ name: 'notes' })
  })

  test.each([
    ['/nowhere/at/all/teahouse', 'teahouse'],
    ['/nowhere/at/all/teahouse/', 'teahouse'],
    ['/nowhere/teahouse/.claude/worktrees/brave-pot', 'teahouse'],
    ['/nowhere/teahouse/.qwen/worktrees/brave-pot', 'teahouse'],
    ['D:\\code\\teahouse', 'teahouse'],
    ['D:\\code\\teahouse\\.claude\\worktrees\\brave-pot\\src', 'teahouse'],
    ['C:\\Users\\ada', 'home'],
    ['/home/grace-nowhere', 'home'],
    ['/Users/grace', 'home'],
    ['/', 'project'],
    ['relative/path', 'path'],
    ['', 'project'],
    [null, 'project'],
  ])('of another machine or another time, %s, is %s', async (cwd, name) => {
    expect(await find(cwd)).toEqual({ name })
  })

  test('is remembered, and looked for again where there was none', async () => {
    const later = join(base, 'later')
    await mkdir(later)
    let now = 0
    const projects = new Projects({
      tagKey: TAG_KEY,
      hash: nativeBlake2b,
      homeDirectory: '/nowhere',
      now: () => now,
    })
    expect(projects.peek(later)).toBeUndefined()
    const [one, two] = await Promise.all([projects.resolve(later), projects.resolve(later)])
    expect(one).toBe(two)
    expect(projects.peek(later)).toBe(one)
    git(later, 'init')
    git(later, 'commit', '--allow-empty', '-m', 'one')
    expect((await projects.resolve(later)).tag).toBeUndefined()
    now += 61_000
    expect(projects.peek(later)).toBeUndefined()
    expect((await projects.resolve(later)).tag).toHaveLength(12)
    now += 1e9
    expect(projects.peek(later)?.tag).toHaveLength(12)
  })

  test('has another tag as soon as the key is another, and is told with its former one before it is used', async () => {
    const carried: string[][] = []
    let release = () => undefined as void
    let held = Promise.resolve()
    const projects = new Projects({
      tagKey: TAG_KEY,
      hash: nativeBlake2b,
      homeDirectory: '/nowhere',
      carryOver: async (...tags) => {
        carried.push(tags)
        await held
      },
    })
    const { tag: first, rootCommit } = await projects.resolve(shop)
    expect(carried).toEqual([])
    const current = new Uint8Array(32).fill(4)
    projects.useKeys({ current, former: TAG_KEY })
    expect(projects.peek(shop)).toBeUndefined()
    held = new Promise((resolve) => (release = resolve))
    const finding = projects.resolve(shop)
    while (carried.length === 0) await new Promise((resolve) => setImmediate(resolve))
    const second = projectTagOf(current, rootCommit!)
    expect(carried).toEqual([['shop', first, second]])
    expect(projects.peek(shop)).toBeUndefined()
    // Left again meanwhile: the answer has the tag that counts now.
    projects.useKeys({ current: TAG_KEY, former: current })
    release()
    expect((await finding).tag).toBe(first)
    expect(carried.at(-1)).toEqual(['shop', second, first])
  })

  test('is none where `.git` is something else', async () => {
    const odd = join(base, 'odd')
    await mkdir(odd)
    await writeFile(join(odd, '.git'), 'a teapot')
    expect(await find(odd)).toEqual({ name: 'odd' })
  })
})

test.each([
  ['https://example.org/tea/shop.git', 'example.org/tea/shop'],
  ['https://ada:secret@Example.org:8443/tea/shop', 'example.org/tea/shop'],
  ['git@example.org:tea/shop.git', 'example.org/tea/shop'],
  ['ssh://git@example.org:22/tea/shop/', 'example.org/tea/shop'],
  ['/srv/git/shop.git', null],
  ['file:///srv/git/shop.git', null],
  ['C:\\git\\shop', null],
  ['', null],
])('the address %s is the same however it is written: %s', (url, expected) => {
  expect(normalisedUrl(url)).toBe(expected)
})
