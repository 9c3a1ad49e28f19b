import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { VibeTeaError } from '../../../core/errors.ts'
import { findHooks, HOOKS, withHooks, withoutHooks } from '../../../node/hooks/settings-text.ts'
import { SEED } from '../../core/support.ts'

const PATHS = { node: "/opt/it's node/bin/node", script: '/opt/vibetea/main.js', home: '/home/ada/.vibetea' }
const FILE = '/home/ada/.claude/settings.json'

const install = (text: string, paths = PATHS) => withHooks(text, paths, FILE)
const uninstall = (text: string) => withoutHooks(text, FILE)
const stateOf = (text: string, paths = PATHS) => findHooks(text, paths, FILE).state

interface Settings {
  hooks?: Record<string, { matcher?: string; hooks: { type: string; command: string }[] }[]>
}
const hooksIn = (text: string) => (JSON.parse(text.replace('\ufeff', '')) as Settings).hooks!

const ELSEWHERE = JSON.stringify(
  {
    model: 'opus',
    hooks: {
      SessionStart: [{ matcher: 'startup', hooks: [{ type: 'command', command: 'say hello' }] }],
      PreToolUse: [{ matcher: 'Bash', hooks: [{ type: 'command', command: './check.sh', timeout: 5 }] }],
    },
    env: { EDITOR: 'vi' },
  },
  null,
  2,
)

describe('hooks in the settings', () => {
  test('are there for each event, and others’ stay before them as they were', () => {
    const text = install(ELSEWHERE)
    expect(Object.keys(hooksIn(text)).sort()).toEqual([...HOOKS.map(([event]) => event), 'PreToolUse'].sort())
    expect(hooksIn(text).SessionStart).toMatchObject([
      { matcher: 'startup', hooks: [{ command: 'say hello' }] },
      { hooks: [{ type: 'command', timeout: 1 }] },
    ])
    expect(Object.keys(JSON.parse(text) as object)).toEqual(['model', 'hooks', 'env'])
    expect(stateOf(text)).toBe('complete')
    expect(uninstall(text)).toBe(ELSEWHERE)
  })

  test('are written as the file is: its indentation, its line ends, or in one line', () => {
    expect(install('{\n\t"model": "opus"\n}\n')).toMatch(
      /^\{\n\t"model": "opus",\n\t"hooks": \{\n\t\t"SessionStart": \[\n\t\t\t\{\n\t\t\t\t"hooks": \[/,
    )
    const windows = install('{\r\n    "model": "opus"\r\n}\r\n')
    expect(windows.replaceAll('\r\n', '')).not.toContain('\n')
    expect(windows).toContain('\r\n    "hooks": {\r\n        "SessionStart": [')
    expect(install('{"model":"opus"}')).not.toContain('\n')
    expect(install('{}')).toMatch(/^\{\n {2}"hooks": \{\n {4}"SessionStart": \[/)
  })

  test('come back to what Claude Code makes of a file when it writes it itself', () => {
    const rewritten = JSON.stringify(JSON.parse(install('{"model":"opus","hooks":{"Stop":[]}}')), null, 2)
    expect(stateOf(rewritten)).toBe('complete')
    expect(JSON.parse(uninstall(rewritten))).toEqual({ model: 'opus', hooks: { Stop: [] } })
  })

  test('are put once, however often', () => {
    const once = install(ELSEWHERE)
    expect(install(once)).toBe(once)
  })

  test('that run another program, or are only in part there, are put anew', () => {
    const old = install(ELSEWHERE, { ...PATHS, script: '/opt/old/main.js' })
    expect(stateOf(old)).toBe('other')
    expect(findHooks(old, PATHS, FILE).paths).toEqual([{ ...PATHS, script: '/opt/old/main.js' }])
    expect(install(old)).toBe(install(ELSEWHERE))
    const settings = JSON.parse(install(ELSEWHERE)) as { hooks: Record<string, unknown> }
    delete settings.hooks.Notification
    const part = JSON.stringify(settings, null, 2)
    expect(stateOf(part)).toBe('other')
    expect(uninstall(install(part))).toBe(ELSEWHERE)
  })

  test('that somebody put beside their own go alone', () => {
    const settings = JSON.parse(install(ELSEWHERE)) as { hooks: Record<string, { hooks: object[] }[]> }
    const own = { type: 'command', command: 'echo own' }
    settings.hooks.SessionStart![1]!.hooks.unshift(own)
    settings.hooks.SessionEnd!.push({ hooks: [own] })
    const text = uninstall(JSON.stringify(settings, null, 2))
    expect(hooksIn(text).SessionStart).toHaveLength(2)
    expect(hooksIn(text).SessionStart![1]).toEqual({ hooks: [own] })
    expect(hooksIn(text).SessionEnd).toEqual([{ hooks: [own] }])
    expect(hooksIn(text).Notification).toBeUndefined()
  })

  test('are not run where the settings say that none is', () => {
    expect(findHooks(install('{"disableAllHooks": true}'), PATHS, FILE).isDisabled).toBe(true)
  })

  test.each([
    ['a comment', '{\n  // my settings\n  "model": "opus"\n}'],
    ['a comma too many', '{"model": "opus",}'],
    ['half a file', '{"model": "op'],
    ['a list', '[]'],
    ['no object of hooks', '{"hooks": []}'],
    ['no list of an event', '{"hooks": {"SessionEnd": {}}}'],
  ])('are not put into a file with %s, and what stands in it is not repeated', (_what, text) => {
    let error: unknown
    try {
      install(text)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(VibeTeaError)
    expect((error as VibeTeaError).sentence).toContain(`${FILE} `)
    expect((error as VibeTeaError).sentence).toContain('Nothing was changed.')
    expect((error as VibeTeaError).sentence).not.toContain('opus')
  })

  test('make settings of an empty file, and leave empty ones', () => {
    expect(stateOf(install(''))).toBe('complete')
    expect(uninstall(install(' \n'))).toBe('{}\n')
    expect(uninstall('')).toBe('')
  })
})

/** White space as people and programs leave it. */
const space = fc.constantFrom('', '', ' ', '\n', '\n  ', '\t', '\r\n    ', '\n\n ')
const names = fc.constantFrom(
  'model',
  'env',
  'hooks',
  'a "quoted" name',
  'häfen',
  '__proto__',
  'SessionStart',
)
const scalars = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
)
const spaced = (items: readonly string[], open: string, close: string) =>
  fc
    .array(space, { minLength: 2 * items.length + 1, maxLength: 2 * items.length + 1 })
    .map(
      (spaces) =>
        open +
        items.map((item, i) => spaces[2 * i]! + item + spaces[2 * i + 1]!).join(',') +
        (items.length === 0 ? spaces[0]! : '') +
        close,
    )
const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    scalars.map((scalar) => JSON.stringify(scalar)),
    fc.array(tie('value'), { maxLength: 3 }).chain((items) => spaced(items, '[', ']')),
    fc.array(fc.tuple(names, tie('value')), { maxLength: 3 }).chain((items) => object(items)),
  ),
}))
const object = (items: readonly (readonly [string, string])[]) =>
  space.chain((before) =>
    spaced(
      items.map(([name, text]) => `${JSON.stringify(name)}:${before}${text}`),
      '{',
      '}',
    ),
  )
const group = fc.tuple(fc.string(), fc.string()).chain(([matcher, command]) =>
  object([
    ['matcher', JSON.stringify(matcher)],
    ['hooks', JSON.stringify([{ type: 'command', command }])],
  ]),
)
const lists = fc.array(fc.oneof(group, value), { maxLength: 3 }).chain((items) => spaced(items, '[', ']'))
const events = fc.constantFrom(
  'SessionStart',
  'SessionEnd',
  'Notification',
  'PermissionRequest',
  'PreToolUse',
)
const hooksObject = fc
  .uniqueArray(fc.tuple(events, lists), { selector: ([event]) => event, maxLength: 5 })
  .chain((items) => object(items))
const otherNames = names.filter((name) => name !== 'hooks')
const settingsFiles = fc
  .tuple(
    fc.constantFrom('', '\ufeff'),
    space,
    fc.uniqueArray(fc.tuple(otherNames, value), { selector: ([name]) => name, maxLength: 4 }),
    fc.option(hooksObject),
    fc.nat(),
    fc.constantFrom('', '\n', '\r\n', '\n\n'),
  )
  .chain(([bom, before, items, hooks, at, after]) => {
    const all: [string, string][] = [...items]
    if (hooks !== null) all.splice(at % (all.length + 1), 0, ['hooks', hooks])
    return object(all).map((text) => bom + before.replaceAll('\t', ' ') + text + after)
  })
/** What somebody wrote by hand, in a form that many have. */
const tidyFiles = fc
  .tuple(settingsFiles, fc.constantFrom(undefined, 1, 2, 4, '\t'), fc.constantFrom('\n', '\r\n'))
  .map(([text, indent, eol]) =>
    JSON.stringify(JSON.parse(text.replace('\ufeff', '')), null, indent).replaceAll('\n', eol),
  )

describe(`for any settings [seed ${SEED}]`, () => {
  test('installed and taken away again, not a byte is another', () => {
    fc.assert(
      fc.property(fc.oneof(settingsFiles, tidyFiles), (text) => {
        const installed = install(text)
        expect(stateOf(installed)).toBe('complete')
        expect(uninstall(installed)).toBe(text)
      }),
      { numRuns: 1000 },
    )
  })

  test('what was there has the same place and value while they are installed', () => {
    fc.assert(
      fc.property(fc.oneof(settingsFiles, tidyFiles), (text) => {
        const before = JSON.parse(text.replace('\ufeff', '')) as Settings & Record<string, unknown>
        const after = JSON.parse(install(text).replace('\ufeff', '')) as Settings & Record<string, unknown>
        const { hooks: added, ...rest } = after
        const { hooks = {}, ...restBefore } = before
        expect(rest).toEqual(restBefore)
        for (const [event, list] of Object.entries(hooks)) {
          expect(added![event]!.slice(0, list.length)).toEqual(list)
        }
        expect(Object.keys(after).filter((name) => name !== 'hooks')).toEqual(
          Object.keys(before).filter((name) => name !== 'hooks'),
        )
      }),
      { numRuns: 200 },
    )
  })

  test('taking away what is not there changes nothing', () => {
    fc.assert(
      fc.property(settingsFiles, (text) => {
        expect(uninstall(text)).toBe(text)
      }),
    )
  })
})
