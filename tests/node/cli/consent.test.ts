import { describe, expect, test } from 'vitest'
import {
  joiningLine,
  memberLines,
  parseAnswer,
  parseShare,
  projectLines,
  projectNames,
  sharedLine,
} from '../../../node/cli/consent.ts'

const DAY_MS = 86_400_000
const PROJECTS = ['web-app', 'infra', 'acme-merger']

describe('the first line of the consent', () => {
  test.each([
    [
      { teamName: 'harbour', members: ['a', 'b'], readers: ['eve'], archivers: ['box-1'] },
      'Joining "harbour": 2 people, 1 watching (eve), archived by box-1.',
    ],
    [{ teamName: null, members: ['a'], readers: [], archivers: [] }, 'Joining a team: 1 person.'],
    [
      { teamName: 'x', members: [], readers: ['a', 'b', 'c', 'd', 'e', 'f', 'g'], archivers: [] },
      'Joining "x": 0 people, 7 watching (a, b, c, d, e and 2 more).',
    ],
    [null, 'Joining a team. Nobody of it is reachable yet.'],
  ])('of %j is: %s', (peeked, line) => {
    expect(joiningLine(peeked)).toBe(line)
  })

  test('shows nothing that a name could do to a terminal', () => {
    const peeked = { teamName: 'a\u001b[2Jb\u202e', members: [], readers: ['e\nve'], archivers: [] }
    expect(joiningLine(peeked)).toBe('Joining "a[2Jb": 0 people, 1 watching (eve).')
  })
})

describe('what a member agrees to', () => {
  test('says what leaves, what never does, and from when on', () => {
    const text = memberLines(0).join('\n')
    expect(text).toContain('For projects you share, from now on')
    expect(text).toContain('Never: prompts, answers, code, commands')
    expect(text).toMatch(/Teammates learn the name you give,.*UTC, VibeTea’s version,.*your IP address\./s)
    expect(text).toMatch(/can read and copy it, and so can whoever has access\s+to an archive of it/)
    expect(memberLines(30 * DAY_MS).join('\n')).toContain('from 30 d ago on')
  })
})

describe('the answer to what to share', () => {
  test.each([
    ['a', PROJECTS],
    ['ALL', PROJECTS],
    ['n', []],
    ['none', []],
    ['2', ['infra']],
    ['3 1', ['web-app', 'acme-merger']],
    ['1,3', ['web-app', 'acme-merger']],
    [' 1 , 1 ', ['web-app']],
    ['1-2', ['web-app', 'infra']],
    ['1-2 2-3', PROJECTS],
  ])('%j means %j', (answer, chosen) => {
    expect(parseAnswer(answer, PROJECTS)).toEqual(chosen)
  })

  test.each(['', ' ', 'y', 'yes', '0', '4', '1-4', '2-1', '1 x', 'a 1', '-1', '1.5', '99999999999'])(
    '%j is asked again',
    (answer) => {
      expect(parseAnswer(answer, PROJECTS)).toBeNull()
    },
  )
})

describe('the list of projects', () => {
  test('numbers them, several a line, and says what becomes of new ones', () => {
    expect(projectLines(PROJECTS)).toEqual([
      ' 1 web-app    2 infra    3 acme-merger',
      '(new ones stay private)',
    ])
    const many = projectLines(Array.from({ length: 30 }, (_, index) => `project-number-${index}`))
    expect(many.length).toBeGreaterThan(8)
    expect(many.every((line) => line.length <= 76)).toBe(true)
  })

  test('has each name once', () => {
    const projects = [
      { project: 'api', projectTag: 'ybndrfg8ejkm' },
      { project: 'web' },
      { project: 'api', projectTag: 'ejkmybndrfg8' },
    ]
    expect(projectNames(projects)).toEqual(['api', 'web'])
  })
})

describe('--share', () => {
  test.each([
    ['all', 'all'],
    [' none ', 'none'],
    ['web-app,infra', ['web-app', 'infra']],
    ['web-app, infra,web-app', ['web-app', 'infra']],
    ['api~ybndrfg8ejkm', ['api~ybndrfg8ejkm']],
  ])('%j means %j', (flag, share) => {
    expect(parseShare(flag)).toEqual(share)
  })

  test.each(['', ',', 'web,,api', '/home/ada/web', 'api~x'])('%j is refused', (flag) => {
    expect(() => parseShare(flag)).toThrow('is not a project')
  })

  test('is said back in the end', () => {
    expect(sharedLine('all')).toContain('every project, new ones too')
    expect(sharedLine('none')).toContain('nothing yet')
    expect(sharedLine([])).toContain('nothing yet')
    expect(sharedLine(['web-app', 'infra'])).toBe('You share web-app, infra. New projects stay private.')
  })
})
