import fc from 'fast-check'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Sharing } from '../../../core/rule.ts'
import { decideOffline } from '../../../node/home/decide-offline.ts'
import { HomeLock } from '../../../node/home/lock.ts'
import { SharingDecisions } from '../../../node/home/sharing.ts'
import { temporaryDirectory } from '../../support/directory.ts'

const TAG = 'ybndrfg8ejkm'
const OTHER_TAG = 'cpqxot1uwisz'

async function decisions() {
  const home = temporaryDirectory()
  return { home, sharing: await SharingDecisions.open(home) }
}

describe('what the owner decided about projects', () => {
  test('every project is private until something else is decided, and shared from then on', async () => {
    const { sharing } = await decisions()
    expect(sharing.sharingAt('website', TAG, 5)).toBe('private')
    await sharing.setSharing('website', 'shared', 10)
    expect(sharing.sharingAt('website', TAG, 9)).toBe('private')
    expect(sharing.sharingAt('website', undefined, 10)).toBe('shared')
    await sharing.setSharing('website', 'shared', 20)
    expect(sharing.sharingAt('website', TAG, 15)).toBe('shared')
    await sharing.setSharing('website', 'private', 30)
    expect(sharing.sharingAt('website', TAG, 15)).toBe('private')
    expect(sharing.sharingAt('other', TAG, 15)).toBe('private')
  })

  test('while a project is excluded nothing of it is recorded, whenever it happened', async () => {
    const { sharing } = await decisions()
    await sharing.setSharing('website', 'shared', 5)
    await sharing.setSharing('website', 'excluded', 10)
    for (const at of [0, 7, 10, 1e15]) expect(sharing.sharingAt('website', TAG, at)).toBe('excluded')
  })

  test('what happened while it was excluded stays out when the exclusion is over', async () => {
    const { home, sharing } = await decisions()
    await sharing.setSharing('website', 'excluded', 10)
    await sharing.setSharing('website', 'shared', 20)
    for (const known of [sharing, await SharingDecisions.open(home)]) {
      expect([9, 10, 19, 20].map((at) => known.sharingAt('website', undefined, at))).toEqual([
        'private', 'excluded', 'excluded', 'shared',
      ]) // prettier-ignore
    }
  })

  test('a tag tells two projects of one name apart', async () => {
    const { sharing } = await decisions()
    await sharing.setSharing('website', 'shared', 0)
    await sharing.setSharing(`website~${TAG}`, 'private', 0)
    expect(sharing.sharingAt('website', TAG, 1)).toBe('private')
    expect(sharing.sharingAt('website', OTHER_TAG, 1)).toBe('shared')
    await sharing.setSharing(`website~${OTHER_TAG}`, 'excluded', 5)
    expect(sharing.sharingAt('website', OTHER_TAG, 1)).toBe('excluded')
    expect(sharing.sharingAt('website', undefined, 1)).toBe('shared')
    expect(sharing.projects()).toEqual([
      { project: 'website', sharing: 'shared' },
      { project: 'website', projectTag: TAG, sharing: 'private' },
      { project: 'website', projectTag: OTHER_TAG, sharing: 'excluded' },
    ])
    expect(sharing.sharingOf('website', TAG)).toBe('private')
    expect(sharing.sharingOf('website')).toBe('shared')
  })

  test('an excluded name covers all its projects and cannot be undone for one of them unnoticed', async () => {
    const { sharing } = await decisions()
    await sharing.setSharing(`website~${TAG}`, 'shared', 0)
    await sharing.setSharing('website', 'excluded', 5)
    expect(sharing.sharingAt('website', TAG, 6)).toBe('excluded')
    expect(sharing.sharingOf('website', TAG)).toBe('excluded')
    await expect(sharing.setSharing(`website~${TAG}`, 'private', 7)).rejects.toMatchObject({
      code: 'excluded_by_name',
      remedy: 'Use "vibetea private website" first, then exclude the others by their tags.',
    })
  })

  test('a project is found under the name that its events have', async () => {
    const { sharing } = await decisions()
    await sharing.setSharing('my project', 'excluded', 0)
    expect(sharing.sharingAt('my project', undefined, 1)).toBe('excluded')
    expect(sharing.sharingAt('my-project', undefined, 1)).toBe('excluded')
  })

  test.each(['', '  ', '/home/ada/website', 'a\\b', 'website~', 'website~short', `a~${TAG}~b`])(
    'what is no project is refused: %j',
    async (project) => {
      const { sharing } = await decisions()
      await expect(sharing.setSharing(project, 'excluded', 0)).rejects.toMatchObject({
        code: 'invalid_project',
      })
      expect(sharing.projects()).toEqual([])
    },
  )
})

describe('a project whose tag has changed', () => {
  const at = (sharing: SharingDecisions, tag: string) =>
    [5, 15, 25, 35].map((time) => sharing.sharingAt('website', tag, time))

  test('is what it was under its former tag, for good', async () => {
    const { home, sharing } = await decisions()
    await sharing.setSharing(`website~${TAG}`, 'excluded', 10)
    await sharing.setSharing(`website~${TAG}`, 'shared', 20)
    const before = at(sharing, TAG)
    expect(before).toEqual(['private', 'excluded', 'shared', 'shared'])
    expect(at(sharing, OTHER_TAG)).toEqual(['private', 'private', 'private', 'private'])
    await sharing.carryOver('website', TAG, OTHER_TAG)
    for (const known of [sharing, await SharingDecisions.open(home)]) {
      expect(at(known, OTHER_TAG)).toEqual(before)
      expect(at(known, TAG)).toEqual(before)
    }
    expect(sharing.projects()).toEqual([{ project: 'website', projectTag: OTHER_TAG, sharing: 'shared' }])
  })

  test('is what is decided later, under whichever tag, when it has its former tag again', async () => {
    const { home, sharing } = await decisions()
    await sharing.setSharing(`website~${TAG}`, 'shared', 0)
    await sharing.carryOver('website', TAG, OTHER_TAG)
    await sharing.setSharing(`website~${OTHER_TAG}`, 'excluded', 10)
    await sharing.setSharing(`website~${OTHER_TAG}`, 'private', 20)
    const expected = ['private', 'excluded', 'private', 'private']
    expect(at(await SharingDecisions.open(home), TAG)).toEqual(expected)
    // As after a decision that was made while no node ran, and knew of one tag alone.
    const offline = await SharingDecisions.open(home)
    await offline.setSharing(`website~${OTHER_TAG}`, 'excluded', 30)
    expect(at(offline, TAG)).toEqual(expected)
    await offline.carryOver('website', TAG, OTHER_TAG)
    expect(at(await SharingDecisions.open(home), TAG)).toEqual([
      'excluded',
      'excluded',
      'excluded',
      'excluded',
    ])
  })

  test('stays excluded for the time in which it was excluded under either tag', async () => {
    const { sharing } = await decisions()
    await sharing.setSharing(`website~${TAG}`, 'excluded', 10)
    await sharing.setSharing(`website~${OTHER_TAG}`, 'shared', 20)
    await sharing.carryOver('website', TAG, OTHER_TAG)
    for (const tag of [TAG, OTHER_TAG])
      expect(at(sharing, tag)).toEqual(['private', 'excluded', 'shared', 'shared'])
  })

  test('leaves the file alone where nothing was decided, and where it is only looked at', async () => {
    const { home, sharing } = await decisions()
    await sharing.carryOver('website', TAG, OTHER_TAG)
    expect(existsSync(join(home, 'sharing.json'))).toBe(false)
    await sharing.setSharing(`website~${TAG}`, 'excluded', 10)
    const text = readFileSync(join(home, 'sharing.json'), 'utf8')
    const view = await SharingDecisions.view(home)
    await view.carryOver('website', TAG, 'uuuuuuuuuuuu')
    expect(view.sharingAt('website', 'uuuuuuuuuuuu', 20)).toBe('excluded')
    expect(readFileSync(join(home, 'sharing.json'), 'utf8')).toBe(text)
  })

  test('is what it was under its former tag even where that cannot be written', async () => {
    const { home, sharing } = await decisions()
    await sharing.setSharing(`website~${TAG}`, 'excluded', 10)
    rmSync(home, { recursive: true })
    await expect(sharing.carryOver('website', TAG, OTHER_TAG)).rejects.toMatchObject({ code: 'not_found' })
    expect(sharing.sharingAt('website', OTHER_TAG, 20)).toBe('excluded')
    mkdirSync(home)
  })
})

describe('what is agreed to on entering a team', () => {
  const AT = 100

  test('all: every project that is not excluded or private, from then on, new ones too', async () => {
    const { home, sharing } = await decisions()
    await sharing.setSharing('payroll', 'excluded', 10)
    await sharing.setSharing('notes', 'private', 20)
    await sharing.joinWith({ share: 'all', at: AT })
    for (const known of [sharing, await SharingDecisions.open(home)]) {
      expect(known.sharingAt('website', TAG, AT - 1)).toBe('private')
      expect(known.sharingAt('website', TAG, AT)).toBe('shared')
      expect(known.sharingOf('website', OTHER_TAG)).toBe('shared')
      expect(known.sharingAt('notes', undefined, AT)).toBe('private')
      expect(known.sharingAt('payroll', OTHER_TAG, AT)).toBe('excluded')
      expect(known.sharingAt('begun-later', undefined, AT)).toBe('shared')
      expect(known.sharingAt('begun-later', undefined, AT - 1)).toBe('private')
    }
  })

  test('none: what was shared is private, what is excluded stays so', async () => {
    const { sharing } = await decisions()
    await sharing.joinWith({ share: 'all', at: 5 })
    await sharing.setSharing('website', 'shared', 10)
    await sharing.setSharing('payroll', 'excluded', 10)
    await sharing.joinWith({ share: 'none', at: AT })
    expect(sharing.sharingOf('website', TAG)).toBe('private')
    expect(sharing.sharingOf('payroll')).toBe('excluded')
    expect(sharing.sharingOf('begun-later')).toBe('private')
  })

  test('some by name or by name and tag, and no others', async () => {
    const { sharing } = await decisions()
    await sharing.setSharing('payroll', 'shared', 10)
    await sharing.joinWith({ share: ['notes', `website~${TAG}`], at: AT })
    expect(sharing.sharingOf('notes')).toBe('shared')
    expect(sharing.sharingOf('website', TAG)).toBe('shared')
    expect(sharing.sharingOf('website', OTHER_TAG)).toBe('private')
    expect(sharing.sharingOf('payroll')).toBe('private')
  })

  test('reaches back where what happened before is shared too, but never into an exclusion or a pause', async () => {
    const { sharing } = await decisions()
    await sharing.setSharing('notes', 'shared', 80)
    await sharing.setSharing('website', 'excluded', 50)
    await sharing.pause(30, 40)
    await sharing.joinWith({ share: ['notes', 'website'], at: AT, from: 20 })
    const seen = (name: string) =>
      [19, 20, 35, 49, 50, 99, 100].map((at) => sharing.sharingAt(name, undefined, at))
    expect(seen('notes')).toEqual(['private', 'shared', 'excluded', 'shared', 'shared', 'shared', 'shared'])
    expect(seen('website')).toEqual([
      'private',
      'shared',
      'excluded',
      'shared',
      'excluded',
      'excluded',
      'shared',
    ])
  })

  test('a name that no project has yet is for one to come; what cannot be a name is refused, and nothing changes', async () => {
    const { sharing } = await decisions()
    await expect(sharing.joinWith({ share: ['notes', 'a/b'], at: AT })).rejects.toMatchObject({
      code: 'invalid_project',
    })
    expect(sharing.projects()).toEqual([])
    await sharing.joinWith({ share: ['begun-later'], at: AT })
    expect(sharing.sharingOf('begun-later')).toBe('shared')
  })
})

describe('pauses', () => {
  test('keep out what happens in them, for good, whichever project it is', async () => {
    const { home, sharing } = await decisions()
    await sharing.setSharing('website', 'shared', 0)
    await sharing.pause(10, 20)
    await sharing.pause(30, null)
    for (const known of [sharing, await SharingDecisions.open(home)]) {
      expect([9, 10, 19, 20, 29, 30, 1e15].map((at) => known.sharingAt('website', TAG, at))).toEqual([
        'shared', 'excluded', 'excluded', 'shared', 'shared', 'excluded', 'excluded',
      ]) // prettier-ignore
      expect(known.pauses()).toEqual([
        { from: 10, to: 20 },
        { from: 30, to: Infinity },
      ])
      expect(known.pauseAt(40)).toEqual({ from: 30, to: Infinity })
      expect(known.pauseAt(25)).toBeNull()
    }
  })

  test('end with resume, or with a new end', async () => {
    const { sharing } = await decisions()
    await sharing.pause(10, null)
    await sharing.pause(15, 100)
    expect(sharing.pauses()).toEqual([{ from: 10, to: 100 }])
    await sharing.resume(20)
    await sharing.resume(50)
    expect(sharing.pauses()).toEqual([{ from: 10, to: 20 }])
    await expect(sharing.pause(60, 60)).rejects.toMatchObject({ code: 'invalid_pause' })
  })
})

test('nothing that was excluded or paused at its time is ever let through, whatever is decided and however often the node starts', async () => {
  const projects = ['a', `a~${TAG}`, 'b']
  const step = fc.oneof(
    fc.record({
      does: fc.constant('set' as const),
      project: fc.constantFrom(...projects),
      sharing: fc.constantFrom<Sharing>('shared', 'private', 'excluded'),
    }),
    fc.record({ does: fc.constant('pause' as const), length: fc.option(fc.integer({ min: 1, max: 8 })) }),
    fc.record({ does: fc.constant('resume' as const) }),
    fc.record({ does: fc.constant('restart' as const) }),
  )
  const asked = [
    { name: 'a', tag: undefined },
    { name: 'a', tag: TAG },
    { name: 'b', tag: undefined },
  ]
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const home = temporaryDirectory()
      let known = await SharingDecisions.open(home)
      const seen: { name: string; tag: string | undefined; at: number; was: Sharing }[] = []
      for (const [index, what] of steps.entries()) {
        const at = index * 2
        if (what.does === 'restart') known = await SharingDecisions.open(home)
        if (what.does === 'resume') await known.resume(at)
        if (what.does === 'pause') await known.pause(at, what.length === null ? null : at + what.length)
        if (what.does === 'set') {
          await known.setSharing(what.project, what.sharing, at).catch((error: unknown) => {
            expect(error).toMatchObject({ code: 'excluded_by_name' })
          })
        }
        for (const { name, tag } of asked) {
          seen.push({ name, tag, at: at + 1, was: known.sharingAt(name, tag, at + 1) })
        }
      }
      for (const { name, tag, at, was } of seen) {
        const is = known.sharingAt(name, tag, at)
        if (was === 'excluded') expect(is).toBe('excluded')
        if (was === 'private') expect(is).not.toBe('shared')
      }
    }),
    { numRuns: 40 },
  )
})

describe('sharing.json', () => {
  test('is for its owner alone and can be read by people', async () => {
    const { home, sharing } = await decisions()
    await Promise.all([
      sharing.setSharing('website', 'shared', 0),
      sharing.setSharing('secret', 'excluded', 1000),
      sharing.pause(2000, null),
    ])
    await sharing.setSharing('secret', 'private', 3000)
    const path = join(home, 'sharing.json')
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
      version: 1,
      projects: {
        website: { sharing: 'shared', since: '1970-01-01T00:00:00.000Z' },
        secret: { sharing: 'private', since: '1970-01-01T00:00:03.000Z' },
      },
      newProjects: null,
      exclusions: { secret: [{ from: '1970-01-01T00:00:01.000Z', to: '1970-01-01T00:00:03.000Z' }] },
      pauses: [{ from: '1970-01-01T00:00:02.000Z', to: null }],
    })
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  test.each([
    ['', 'it is not valid JSON'],
    ['{"version": 2, "projects": {}, "exclusions": {}, "pauses": []}', 'version: '],
    ['{"version": 1, "projects": {"a": {"sharing": "hidden", "since": "x"}}}', 'projects.a.sharing: '],
    ['[]', 'expected object'],
    [
      '{"version": 1, "projects": {"a/b": {"sharing": "excluded", "since": "2026-01-01T00:00:00Z"}}}',
      'projects.a/b: ',
    ],
    ['{"version": 1, "projects": {}, "exclusions": {}, "pauses": [], "paused": true}', 'paused'],
  ])('stops the node where it cannot be understood: %j', async (text, why) => {
    const home = temporaryDirectory()
    writeFileSync(join(home, 'sharing.json'), text)
    await expect(SharingDecisions.open(home)).rejects.toMatchObject({
      code: 'invalid_sharing',
      message: expect.stringContaining(why) as string,
    })
    expect(readFileSync(join(home, 'sharing.json'), 'utf8')).toBe(text)
  })

  test('a decision that cannot be written is refused and not half in force, and the next is taken', async () => {
    const { home, sharing } = await decisions()
    mkdirSync(join(home, 'sharing.json', 'x'), { recursive: true })
    await expect(sharing.setSharing('website', 'shared', 0)).rejects.toMatchObject({ code: 'not_a_file' })
    expect(sharing.sharingAt('website', undefined, 1)).toBe('private')
    rmSync(join(home, 'sharing.json'), { recursive: true })
    await sharing.setSharing('website', 'shared', 0)
    expect(sharing.sharingAt('website', undefined, 1)).toBe('shared')
  })
})

test('a decision without a node takes the home for as long, and none is made behind the back of a node', async () => {
  const { home } = await decisions()
  const holder = { pid: process.pid, startedAt: '2026-01-01T00:00:00.000Z', version: '1' }
  await decideOffline(home, holder, (known) => known.setSharing('website', 'excluded', 1))
  expect((await SharingDecisions.open(home)).sharingOf('website')).toBe('excluded')

  const node = await HomeLock.acquire(home, holder)
  const behind = decideOffline(home, holder, (known) => known.setSharing('website', 'shared', 2))
  await expect(behind).rejects.toMatchObject({ code: 'already_running' })
  await node.release()
  expect((await SharingDecisions.open(home)).sharingOf('website')).toBe('excluded')
})
