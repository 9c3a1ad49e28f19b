import { describe, expect, test } from 'vitest'
import { isAmong, isProjectKey, parseProjectKey, partsOf, projectKey } from '../../core/project-key.ts'

const TAG = 'ybndrfg8ejkm'
const OTHER_TAG = 'cpqxot1uwisz'

describe('a project', () => {
  test.each([
    ['website', 'website'],
    ['  website\n', 'website'],
    ['Mein Projekt', 'Mein-Projekt'],
    [`Mein Projekt~${TAG}`, `Mein-Projekt~${TAG}`],
    ['.dotfiles', '.dotfiles'],
  ])('called %j is %s, as events have it', (text, key) => {
    expect(projectKey(text)).toBe(key)
    expect(isProjectKey(key)).toBe(true)
  })

  test.each(['', ' ', '../web', '/etc', 'a\\b', 'web~', 'web~short', `web~${TAG}~x`])(
    'cannot be called %j',
    (text) => {
      expect(parseProjectKey(text)).toBeNull()
      expect(() => projectKey(text)).toThrow('is not a project')
      expect(isProjectKey(text)).toBe(false)
    },
  )
})

test('a key is a name, or a name and a tag', () => {
  expect(partsOf('web')).toEqual({ project: 'web' })
  expect(partsOf(`web~${TAG}`)).toEqual({ project: 'web', projectTag: TAG })
})

test('a name means all projects of that name, a tag only one of them', () => {
  const [one, other] = [
    { project: 'web', projectTag: TAG },
    { project: 'web', projectTag: OTHER_TAG },
  ]
  expect([one, other, { project: 'web' }].map((project) => isAmong(['web'], project))).toEqual([
    true,
    true,
    true,
  ])
  const isThis = [one, other, { project: 'web' }].map((project) => isAmong([`web~${TAG}`, 'api'], project))
  expect(isThis).toEqual([true, false, false])
})
