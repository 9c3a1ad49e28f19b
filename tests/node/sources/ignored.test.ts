import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { SharingDecisions } from '../../../node/home/sharing.ts'
import { Ignored } from '../../../node/sources/ignored.ts'
import { nativeBlake2b } from '../../../node/sources/native-hash.ts'
import { Projects } from '../../../node/sources/projects.ts'
import { temporaryDirectory } from '../../support/directory.ts'
import { asNobody } from '../home/as-nobody.ts'

const HOUR = 3_600_000

let base: string
let home: string
let shop: string
let said: string[]
let store: SharingDecisions
let ignored: Ignored

/** Another run of VibeTea on the same home. */
async function start(): Promise<void> {
  store = await SharingDecisions.open(home)
  const projects = new Projects({
    tagKey: new Uint8Array(32).fill(3),
    hash: nativeBlake2b,
    homeDirectory: join(base, 'user'),
  })
  ignored = new Ignored({ store, projects, now: Date.now, say: (sentence) => said.push(sentence) })
}

beforeEach(async () => {
  base = realpathSync(temporaryDirectory())
  home = join(base, 'home')
  shop = join(base, 'code/shop')
  mkdirSync(home)
  mkdirSync(join(shop, 'src'), { recursive: true })
  git(shop, 'init')
  git(shop, 'commit', '--allow-empty', '-m', 'one')
  said = []
  await start()
})

function git(directory: string, ...args: string[]): void {
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', '-c', 'commit.gpgsign=false']
  const settings = [...identity, '-c', 'protocol.file.allow=always', '-c', 'init.defaultBranch=main']
  execFileSync('git', ['-C', directory, ...settings, ...args], { stdio: 'ignore' })
}

function write(directory: string, patterns = ''): void {
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, '.vibeteaignore'), patterns)
}

const remove = (directory: string) => rmSync(join(directory, '.vibeteaignore'))

/** Whether a prompt of a session in that directory is kept out. */
async function prompt(cwd: string, at = Date.now()): Promise<boolean> {
  await ignored.look([cwd])
  return ignored.keepsOut({ cwd, at, fact: { type: 'prompt', text: 'brew' } })
}

/** Whether a call for a file is. */
async function edit(cwd: string, path: string, at = Date.now()): Promise<boolean> {
  await ignored.look([cwd])
  const fact = { type: 'tool', tool: 'Edit', callId: 'c', status: 'started', path } as const
  return ignored.keepsOut({ cwd, at, fact })
}

/** Until a file's time and the clock's cannot be taken for one another. */
const awhile = () => new Promise((resolve) => setTimeout(resolve, 60))

describe('an ignore file', () => {
  test.each(['', '# nothing of mine\n\n   \n', '*', '/*\n', '**\r\n', '\uFEFF# mine'])(
    'that holds %j keeps out the whole repository, whenever it happened',
    async (text) => {
      expect(await prompt(shop)).toBe(false)
      write(shop, text)
      expect(await prompt(shop)).toBe(true)
      expect(await prompt(join(shop, 'src/gone'), Date.now() - 24 * HOUR)).toBe(true)
      expect(await prompt(join(base, 'code/other'))).toBe(false)
      expect(said).toEqual([])
    },
  )

  test('with patterns keeps out sessions in folders that match, and calls for files that do', async () => {
    write(shop, 'secret/\n*.pem\n/docs/*\n!/docs/public\n')
    for (const folder of ['secret', 'src/secret/deep', 'docs', 'docs/draft']) {
      expect([folder, await prompt(join(shop, folder))]).toEqual([folder, true])
    }
    for (const folder of ['', 'src', 'docs/public', 'secrets']) {
      expect([folder, await prompt(join(shop, folder))]).toEqual([folder, false])
    }
    for (const path of [
      'secret/plan.md',
      'src/key.pem',
      join(shop, 'docs/a.md'),
      'src/../secret/a',
      'KEY.PEM',
    ]) {
      expect([path, await edit(shop, path)]).toEqual([path, true])
    }
    for (const path of [
      'src/app.ts',
      join(shop, 'docs/public/a.md'),
      '/etc/key.pem',
      join(base, 'secret/a'),
    ]) {
      expect([path, await edit(shop, path)]).toEqual([path, false])
    }
    expect(await edit(join(shop, 'src'), '../secret/plan.md')).toBe(true)
    // Known by now, it counts for whoever comes from elsewhere.
    expect(await edit(base, join(shop, 'secret/plan.md'))).toBe(true)
  })

  test('counts for what lies below it: submodules, repositories, and folders that are in none', async () => {
    write(join(base, 'code'))
    for (const folder of ['code/shop', 'code/notes/today'])
      expect(await prompt(join(base, folder))).toBe(true)
    expect(await prompt(base)).toBe(false)
    const bare = join(base, 'pots.git')
    git(base, 'clone', '--bare', shop, bare)
    expect(await prompt(bare)).toBe(false)
    write(bare)
    expect(await prompt(bare)).toBe(true)
  })

  test('counts for linked work trees, wherever they are, and for those that are gone since', async () => {
    const beside = join(base, 'elsewhere/shop-hotfix')
    git(shop, 'worktree', 'add', beside)
    write(shop, '/src/secret/')
    const from = Date.now()
    for (const tree of [beside, join(shop, '.claude/worktrees/pot'), join(shop, '.qwen/worktrees/cup')]) {
      expect([await prompt(tree), await prompt(join(tree, 'src/secret'))]).toEqual([false, true])
      expect(await edit(tree, join(tree, 'src/secret/a.ts'))).toBe(true)
      expect(await edit(tree, 'src/open/a.ts')).toBe(false)
    }
    git(shop, 'worktree', 'remove', beside)
    await awhile()
    remove(shop)
    await start()
    expect(await prompt(join(beside, 'src/secret'), from)).toBe(true)
    expect(await prompt(join(beside, 'src'), from)).toBe(false)
  })

  test('in a linked work tree counts for that one alone', async () => {
    const beside = join(base, 'beside')
    git(shop, 'worktree', 'add', beside)
    write(beside)
    expect([await prompt(beside), await prompt(shop)]).toEqual([true, false])
  })

  test('above a repository counts for work trees that lie elsewhere', async () => {
    const beside = join(base, 'beside')
    git(shop, 'worktree', 'add', beside)
    write(join(base, 'code'), 'shop/src/')
    expect([await prompt(beside), await prompt(join(beside, 'src'))]).toEqual([false, true])
  })

  test('counts for good for the time in which it lay there, and not before or after', async () => {
    const before = Date.now()
    await awhile()
    write(shop)
    const during = Date.now()
    expect(await prompt(shop)).toBe(true)
    await awhile()
    remove(shop)
    await awhile()
    const after = Date.now()
    for (let run = 0; run < 2; run++) {
      expect([await prompt(shop, before), await prompt(shop, during), await prompt(shop, after)]).toEqual([
        false,
        true,
        false,
      ])
      await start()
    }
  })

  test('that was taken while no run looked counts until its directory last changed', async () => {
    write(shop)
    const during = Date.now()
    expect(await prompt(shop)).toBe(true)
    await awhile()
    remove(shop)
    await awhile()
    const after = Date.now()
    await awhile()
    await start()
    expect([await prompt(shop, during), await prompt(shop, after)]).toEqual([true, false])
  })

  test('that has changed keeps out what it did before for the time before', async () => {
    write(shop, 'a/\n')
    const first = Date.now()
    expect(await prompt(join(shop, 'a'))).toBe(true)
    await awhile()
    write(shop, 'b/\n')
    await awhile()
    const second = Date.now()
    for (let run = 0; run < 2; run++) {
      expect([await prompt(join(shop, 'a'), first), await prompt(join(shop, 'a'), second)]).toEqual([
        true,
        false,
      ])
      expect([await prompt(join(shop, 'b'), first), await prompt(join(shop, 'b'), second)]).toEqual([
        true,
        true,
      ])
      await start()
    }
    await awhile()
    remove(shop)
    await awhile()
    expect([await prompt(join(shop, 'a'), first), await prompt(join(shop, 'b'), second)]).toEqual([
      true,
      true,
    ])
    expect([await prompt(join(shop, 'a')), await prompt(join(shop, 'b'))]).toEqual([false, false])
  })

  test('still counts when its repository is gone', async () => {
    write(shop)
    const at = Date.now()
    expect(await prompt(join(shop, 'src'))).toBe(true)
    rmSync(shop, { recursive: true })
    await start()
    expect([await prompt(join(shop, 'src'), at), await prompt(join(shop, 'src'))]).toEqual([true, true])
    renameSync(dirname(shop), join(base, 'moved'))
    expect(await prompt(join(shop, 'src'), at)).toBe(true)
  })

  const odd: [name: string, make: (path: string) => void, why: string][] = [
    ['a folder', (path) => mkdirSync(path), 'it is no file'],
    ['a loop of links', (path) => symlinkSync(path, path), 'it cannot be read (ELOOP)'],
    ['too large', (path) => writeFileSync(path, 'a/\n'.repeat(30_000)), 'it is larger than 64 KB'],
    ['binary', (path) => writeFileSync(path, Buffer.from([0xff, 0xfe, 0x61, 0])), 'it is not UTF-8 text'],
    ['of control characters', (path) => writeFileSync(path, 'a\0b\n'), 'it has a line that is no pattern'],
    [
      'a bracket never closed',
      (path) => writeFileSync(path, 'ok/\n[ab\n'),
      'it has a line that is no pattern',
    ],
    [
      'a backslash at an end',
      (path) => writeFileSync(path, 'secret\\\n'),
      'it has a line that is no pattern',
    ],
    ['a lone negation', (path) => writeFileSync(path, '!\n'), 'it has a line that is no pattern'],
  ]
  test.each(odd)('that is %s counts for all of it, and that is said once', async (_name, make, why) => {
    make(join(shop, '.vibeteaignore'))
    for (let i = 0; i < 3; i++) expect(await prompt(join(shop, 'src'))).toBe(true)
    const path = join(shop, '.vibeteaignore')
    expect(said).toEqual([
      `Nothing that happens in ${shop} is recorded: ${path} counts for all of it, as ${why}.`,
    ])
    rmSync(path, { recursive: true, force: true })
    await awhile()
    expect(await prompt(join(shop, 'src'))).toBe(false)
    make(path)
    expect(await prompt(shop)).toBe(true)
    expect(said).toHaveLength(2)
  })

  test.skipIf(process.platform === 'win32')('that may not be read counts for all of it', async () => {
    write(shop, 'nothing-of-note\n')
    chmodSync(join(shop, '.vibeteaignore'), 0)
    for (const directory of [base, home]) chmodSync(directory, 0o777)
    const out = await asNobody(() => prompt(shop))
    expect([out, said.length]).toEqual([true, 1])
    expect(said[0]).toContain('it cannot be read (EACCES)')
  })

  test('is kept for people to read, with its patterns and without its comments', async () => {
    write(shop, '# mine\nsecret/\n\n*.pem\n')
    await prompt(shop)
    const { ignored: kept } = JSON.parse(readFileSync(join(home, 'sharing.json'), 'utf8')) as {
      ignored: Record<string, unknown>
    }
    expect(kept).toEqual({
      [shop]: [{ from: expect.any(String) as string, to: null, patterns: ['secret/', '*.pem'] }],
    })
  })

  test('is looked for nowhere where a directory is none of this system', async () => {
    write(base)
    for (const cwd of ['D:\\code\\shop', 'relative/path', '']) expect(await prompt(cwd)).toBe(false)
  })
})
