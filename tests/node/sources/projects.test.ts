import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
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

  test('is one for all that `git worktree list` names: locked, moved, made with relative paths, below and beside', async () => {
    const cups = join(base, 'layouts/cups')
    await mkdir(cups, { recursive: true })
    git(cups, 'init')
    git(cups, 'commit', '--allow-empty', '-m', 'one')
    git(cups, 'worktree', 'add', join(base, 'layouts/beside'))
    git(cups, 'worktree', 'lock', join(base, 'layouts/beside'))
    git(cups, 'worktree', 'add', join(base, 'layouts/before'))
    git(cups, 'worktree', 'move', join(base, 'layouts/before'), join(base, 'layouts/after'))
    for (const folder of [
      '.claude/worktrees/a',
      '.qwen/worktrees/b',
      '.gemini/worktrees/c',
      '.worktrees/d',
    ]) {
      git(cups, 'worktree', 'add', join(cups, folder))
    }
    const below = join(cups, '.worktrees/d')
    const ownGit = join(cups, '.git/worktrees/d')
    await writeFile(join(below, '.git'), `gitdir: ${relative(below, ownGit)}\n`)
    const listed = git(cups, 'worktree', 'list', '--porcelain').match(/(?<=^worktree ).+/gm)!
    expect(listed).toHaveLength(7)
    const { tag } = await find(cups)
    for (const root of listed)
      expect(await find(join(root, 'src'))).toMatchObject({ name: 'cups', root, tag })
    expect((await find(below)).main).toBe(cups)
  })

  test('is the submodule in its own linked work trees', async () => {
    const outer = join(base, 'tray')
    await mkdir(outer)
    git(outer, 'init')
    git(outer, 'submodule', 'add', '--name', 'first-name', shop, 'libs/saucers')
    const inner = join(outer, 'libs/saucers')
    git(inner, 'worktree', 'add', join(base, 'saucers-fix'))
    expect(await find(join(base, 'saucers-fix'))).toMatchObject({ name: 'saucers', main: inner })
  })

  test('is the repository whose directory for git lies elsewhere', async () => {
    const work = join(base, 'apart')
    git(base, 'init', `--separate-git-dir=${join(base, 'elsewhere.git')}`, work)
    expect(await find(join(work, 'src'))).toMatchObject({ name: 'apart', root: work })
  })

  test.skipIf(process.platform === 'win32')('is the repository that a link leads into', async () => {
    await symlink(join(shop, 'src'), join(base, 'shortcut'))
    expect(await find(join(base, 'shortcut'))).toMatchObject({ name: 'shop', root: shop })
  })

  test('has another tag in another repository of the same name, and the same in a clone', async () => {
    const other = join(base, 'other/shop')
    await mkdir(other, { recursive: true })
    git(other, 'init')
    git(other, 'commit', '--allow-empty', '-m', 'another beginning')
    git(base, 'clone', shop, join(base, 'clone/shop'))
    const [first, second, clone] = [await find(shop), await find(other), await find(join(base, 'clone/shop'))]
    expect([first.name, second.name, clone.name]).toEqual(['shop', 'shop', 'shop'])
    expect([first.tag === second.tag, first.tag === clone.tag]).toEqual([false, true])
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
    ['/nowhere/teahouse/.gemini/worktrees/brave-pot/src', 'teahouse'],
    ['/nowhere/teahouse/.worktrees/brave-pot', 'brave-pot'],
    ['/nowhere/ada/.codex/worktrees/1f2e/teahouse/src', 'teahouse'],
    ['/nowhere/ada/.cursor/worktrees/teahouse/98zlw/src', 'teahouse'],
    ['C:\\Users\\ada\\.codex\\worktrees\\1f2e\\teahouse\\src', 'teahouse'],
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

describe('a name that one gives', () => {
  const called = async (cwd: string, aliases: Record<string, string>) => {
    const { name, ownName, tag } = await find(cwd, { aliases: new Map(Object.entries(aliases)) })
    return [name, ownName, tag]
  }

  test('is for a project’s own, and leaves its tag as it is', async () => {
    const { tag } = await find(shop)
    expect(await called(join(shop, 'src'), { shop: 'store' })).toEqual(['store', 'shop', tag])
    expect(await called(join(base, 'home/notes'), { notes: 'diary' })).toEqual(['diary', 'notes', undefined])
    expect(await called(join(shop, 'src'), { src: 'store' })).toEqual(['shop', undefined, tag])
  })

  test('can be one for several repositories, which keep their tags', async () => {
    const roaster = join(base, 'roaster')
    await mkdir(roaster)
    git(roaster, 'init')
    git(roaster, 'commit', '--allow-empty', '-m', 'beans')
    const aliases = { shop: 'company', roaster: 'company' }
    const [first, second] = [await called(shop, aliases), await called(roaster, aliases)]
    expect([first[0], second[0], first[2] === second[2]]).toEqual(['company', 'company', false])
  })

  test('is for a directory and all below it, the nearest before others and before names', async () => {
    const aliases = { [base]: 'outer', [shop]: 'store', [join(shop, 'src')]: 'inner', shop: 'by-name' }
    expect((await called(shop, aliases))[0]).toBe('store')
    expect((await called(join(shop, 'src/deep'), aliases))[0]).toBe('inner')
    expect((await called(join(shop, 'srcs'), aliases))[0]).toBe('store')
    expect((await called(join(base, 'home'), aliases))[0]).toBe('outer')
  })

  test('for a main work tree is that of its linked ones', async () => {
    const linked = join(base, 'linked-with-name')
    git(shop, 'worktree', 'add', linked)
    const aliases = { [shop]: 'store', [join(shop, 'src')]: 'inner' }
    expect((await called(linked, aliases))[0]).toBe('store')
    expect((await called(join(linked, 'src'), aliases))[0]).toBe('inner')
    expect((await called(linked, { ...aliases, [linked]: 'own' }))[0]).toBe('own')
  })

  test.each([
    ['/nowhere/teahouse/src', '/nowhere/teahouse'],
    ['/nowhere/teahouse/.claude/worktrees/brave-pot', '/nowhere/teahouse'],
    ['D:\\code\\teahouse\\src', 'd:/Code/teahouse'],
    ['\\\\server\\code\\teahouse', '\\\\server\\code'],
    ['/', '/'],
  ])('reaches %s, which is gone or of another machine, by %s', async (cwd, directory) => {
    const [name] = await called(cwd, { [directory]: 'renamed' })
    expect(name).toBe('renamed')
    expect((await called(cwd, { '/nowhere/else': 'renamed' }))[0]).not.toBe('renamed')
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
