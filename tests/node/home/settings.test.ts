import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { VibeTeaError } from '../../../core/errors.ts'
import type { SettingSources } from '../../../node/home/settings.ts'
import { CONFIG_KEYS, homeOf, readSettings, variableOf } from '../../../node/home/settings.ts'

const USER = resolve('/users/ada')
const WORKING = resolve('/work')

function settings(given: Partial<SettingSources> = {}) {
  return readSettings({
    env: {},
    flags: {},
    configText: null,
    homeDirectory: USER,
    hostname: 'macbook.local',
    workingDirectory: WORKING,
    ...given,
  })
}

function sentence(given: Partial<SettingSources>): string {
  try {
    settings(given)
  } catch (error) {
    if (error instanceof VibeTeaError) return `${error.code}: ${error.sentence}`
    throw error
  }
  return 'nothing was wrong'
}

const config = (json: unknown) => ({ configText: JSON.stringify(json) })
const CONFIG = join(USER, '.vibetea', 'config.json')

describe('settings', () => {
  test('have defaults that need nothing set', () => {
    expect(settings()).toEqual({
      home: join(USER, '.vibetea'),
      keyPath: join(USER, '.vibetea'),
      privateKey: null,
      sourceId: null,
      basenameAllowlist: null,
      projectAliases: null,
      port: 8832,
      bootstrap: null,
      retentionDays: 30,
      historyDays: 365,
      logLevel: 'info',
      supabaseUrl: null,
      supabaseKey: null,
      supabaseBatchIntervalSecs: 60,
      supabaseRetryLimit: 3,
      subscriberToken: null,
      directories: {},
      hostName: 'macbook',
      unknownVariables: [],
    })
  })

  test('projects have other names by an object, or in the environment by a list', () => {
    const windows = 'D:\\code\\acme\\'
    const aliases = {
      website: 'site',
      '~/clients/acme/': 'acme',
      '/srv/x': 'The X',
      [windows]: 'w',
      '~': 'mine',
    }
    expect([...settings(config({ projectAliases: aliases })).projectAliases!]).toEqual([
      ['website', 'site'],
      [`${USER}/clients/acme`, 'acme'],
      ['/srv/x', 'The-X'],
      ['D:\\code\\acme', 'w'],
      [USER, 'mine'],
    ])
    const env = { VIBETEA_PROJECT_ALIASES: 'website=site, ~/clients/a=b=acme' }
    expect([...settings({ env }).projectAliases!]).toEqual([
      ['website', 'site'],
      [`${USER}/clients/a=b`, 'acme'],
    ])
    expect(settings(config({ projectAliases: {} })).projectAliases).toEqual(new Map())
  })

  test.each([
    [{ website: '' }],
    [{ 'code/website': 'site' }],
    [{ '': 'site' }],
    [{ website: '/code/site' }],
    [{ website: 'site~abc' }],
    [{ 'website~abc': 'site' }],
    [{ '~ada/website': 'site' }],
  ])('a name that cannot be one is shown with its place: %j', (wrong) => {
    expect(sentence(config({ projectAliases: { fine: 'good', ...wrong } }))).toBe(
      `invalid_setting: "projectAliases" in ${CONFIG} is ${JSON.stringify(wrong)}. Allowed is names for projects, ` +
        'each by its name or its directory, like {"website": "site", "~/clients/acme": "acme"}, in the environment ' +
        'website=site,~/clients/acme=acme.',
    )
  })

  test('an object is no value of another setting', () => {
    expect(sentence(config({ port: { a: 'b' } }))).toContain(`"port" in ${CONFIG} is {"a":"b"}.`)
    expect(sentence(config({ claudeDir: { a: 'b' } }))).toContain(`"claudeDir" in ${CONFIG} is {"a":"b"}.`)
    expect(sentence({ env: { VIBETEA_PROJECT_ALIASES: 'website' } })).toContain('is "website".')
  })

  test('a flag is over the environment, which is over config.json', () => {
    const env = { VIBETEA_PORT: '2' }
    expect(settings({ ...config({ port: 1 }) }).port).toBe(1)
    expect(settings({ ...config({ port: 1 }), env }).port).toBe(2)
    expect(settings({ ...config({ port: 1 }), env, flags: { port: '0' } }).port).toBe(0)
  })

  test('an empty variable counts as one that is not set', () => {
    expect(settings({ env: { VIBETEA_PORT: '', VIBETEA_CLAUDE_DIR: ' ' } })).toEqual(settings())
  })

  test('every variable is named in capitals as its key in config.json', () => {
    expect(CONFIG_KEYS.map(variableOf)).toEqual(
      expect.arrayContaining([
        'VIBETEA_KEY_PATH',
        'VIBETEA_PRIVATE_KEY',
        'VIBETEA_SOURCE_ID',
        'VIBETEA_CLAUDE_DIR',
        'VIBETEA_OPENCODE_DIR',
        'VIBETEA_BASENAME_ALLOWLIST',
        'VIBETEA_SUPABASE_BATCH_INTERVAL_SECS',
        'VIBETEA_SUBSCRIBER_TOKEN',
      ]),
    )
  })

  test.each([
    ['.rs,.ts', ['rs', 'ts']],
    ['rs, TS,', ['rs', 'ts']],
    ['*.md', ['md']],
  ])('extensions may be written %j', (text, expected) => {
    const allowed = settings({ env: { VIBETEA_BASENAME_ALLOWLIST: text } }).basenameAllowlist
    expect([...allowed!]).toEqual(expected)
  })

  test('config.json takes numbers and lists as JSON has them', () => {
    const read = settings(
      config({
        historyDays: 90,
        basenameAllowlist: ['.rs', 'ts'],
        claudeDir: ['~/a,b', 'c'],
        retentionDays: '7',
      }),
    )
    expect(read.historyDays).toBe(90)
    expect(read.retentionDays).toBe(7)
    expect([...read.basenameAllowlist!]).toEqual(['rs', 'ts'])
    expect(read.directories.claude).toEqual([join(USER, 'a,b'), join(USER, '.vibetea', 'c')])
  })

  test('paths begin in the home directory at ~ and else where the command runs', () => {
    const env = {
      VIBETEA_CLAUDE_DIR: '~/.claude,/srv/claude,here',
      VIBETEA_KEY_PATH: '~',
      VIBETEA_HOME: 'tea',
    }
    const read = settings({ env })
    expect(read.directories.claude).toEqual([
      join(USER, '.claude'),
      resolve('/srv/claude'),
      join(WORKING, 'here'),
    ])
    expect(read.keyPath).toBe(USER)
    expect(read.home).toBe(join(WORKING, 'tea'))
    expect(homeOf({ env, flags: { home: '/x' }, homeDirectory: USER, workingDirectory: WORKING })).toBe(
      resolve('/x'),
    )
  })

  test('a private key, bootstrap nodes and addresses are read into what they stand for', () => {
    const read = settings({
      env: {
        VIBETEA_PRIVATE_KEY: Buffer.alloc(32, 7).toString('base64'),
        VIBETEA_BOOTSTRAP: 'node1.example:49737,[::1]:1',
        VIBETEA_SUPABASE_URL: 'https://abc.supabase.co/functions/v1/',
      },
    })
    expect(read.privateKey).toEqual(new Uint8Array(32).fill(7))
    expect(read.bootstrap).toEqual([
      { host: 'node1.example', port: 49737 },
      { host: '::1', port: 1 },
    ])
    expect(read.supabaseUrl).toBe('https://abc.supabase.co/functions/v1')
  })

  test.each([
    [
      { env: { VIBETEA_PORT: '65536' } },
      'VIBETEA_PORT is "65536". Allowed is a whole number from 0 to 65535.',
    ],
    [{ env: { VIBETEA_PORT: '80.5' } }, 'VIBETEA_PORT is "80.5". Allowed is a whole number from 0 to 65535.'],
    [{ flags: { port: '-1' } }, '--port is "-1". Allowed is a whole number from 0 to 65535.'],
    [{ flags: { port: '' } }, '--port is "". Allowed is a whole number from 0 to 65535.'],
    [config({ port: 99999 }), `"port" in ${CONFIG} is "99999". Allowed is a whole number from 0 to 65535.`],
    [
      { env: { VIBETEA_LOG_LEVEL: 'loud' } },
      'VIBETEA_LOG_LEVEL is "loud". Allowed is one of trace, debug, info, warn, error, fatal, silent.',
    ],
    [
      { env: { VIBETEA_BASENAME_ALLOWLIST: ',' } },
      'VIBETEA_BASENAME_ALLOWLIST is ",". Allowed is a list of extensions like .rs,.ts or rs,ts.',
    ],
    [
      { env: { VIBETEA_SOURCE_ID: 'my laptop' } },
      'VIBETEA_SOURCE_ID is "my laptop". Allowed is 1 to 63 letters, digits and ._- that begin with a letter or a digit.',
    ],
    [
      { env: { VIBETEA_SUPABASE_URL: 'ftp://x' } },
      'VIBETEA_SUPABASE_URL is "ftp://x". Allowed is an address that begins with https:// or http://.',
    ],
    [
      { env: { VIBETEA_BOOTSTRAP: 'node1' } },
      'VIBETEA_BOOTSTRAP is "node1". Allowed is a list like node1.example:49737,10.0.0.2:49737, ports from 1 to 65535.',
    ],
    [
      config({ port: true }),
      `"port" in ${CONFIG} is true. Allowed are text, a number, or a list or an object of those.`,
    ],
  ] as const)('a wrong value is named with what is allowed: %j', (given, expected) => {
    expect(sentence(given)).toBe(`invalid_setting: ${expected}`)
  })

  test('a private key that is wrong is never repeated in what is said about it', () => {
    const key = Buffer.alloc(31, 200).toString('base64')
    const said = sentence({ env: { VIBETEA_PRIVATE_KEY: key } })
    expect(said).toBe(
      'invalid_setting: VIBETEA_PRIVATE_KEY cannot be used. Allowed is the base64 of exactly 32 bytes.',
    )
  })

  test('a key of config.json that is misspelt is an error', () => {
    expect(sentence(config({ histroyDays: 3 }))).toContain(
      `invalid_setting: ${CONFIG} has a setting "histroyDays" that VibeTea does not know. Allowed are keyPath, `,
    )
    expect(sentence(config({ home: '/x' }))).toContain('"home"')
  })

  test('a variable that is misspelt is told', () => {
    const env = { VIBETEA_BASENAME_ALOWLIST: 'rs', VIBETEA_TEAM_KEY: 'k', PATH: '/bin' }
    expect(settings({ env }).unknownVariables).toEqual(['VIBETEA_BASENAME_ALOWLIST'])
  })

  test.each([
    ['{"port": 80 "logLevel": "info"}', 'line 1, column 13'],
    ['{\n  "port": 80,\n  "x": nope\n}', 'line 3, column 9'],
    ['{\n  "port": 8', 'line 2, column 12'],
    ['{"port": 80,}', 'line 1, column 13'],
    ['{"a": "b', 'line 1, column 9'],
    ['', 'line 1, column 1'],
    ['{}}', 'line 1, column 3'],
  ])('a config.json that is not JSON is named with the place: %j', (configText, place) => {
    expect(sentence({ configText })).toBe(
      `invalid_config: ${CONFIG} is not valid JSON at ${place}. Correct the file, or move it away to go on without it.`,
    )
  })

  test.each(['[]', '7', 'null'])('a config.json must be an object, not %s', (configText) => {
    expect(sentence({ configText })).toContain(`invalid_config: ${CONFIG} must hold one JSON object`)
  })

  test('a byte order mark before config.json does no harm', () => {
    expect(settings({ configText: '\uFEFF{"port": 5}' }).port).toBe(5)
  })
})
