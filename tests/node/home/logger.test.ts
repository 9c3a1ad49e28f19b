import { expect, test } from 'vitest'
import { VibeTeaError } from '../../../core/errors.ts'
import type { Settings } from '../../../node/home/settings.ts'
import { createLogger } from '../../../node/home/logger.ts'

function logged(level: Settings['logLevel']) {
  const lines: string[] = []
  return { lines, log: createLogger(level, { write: (line) => void lines.push(line) }) }
}

test('logs are one JSON object a line, with a level and a time that people can read', () => {
  const { lines, log } = logged('info')
  log.info({ blocks: 3 }, 'appended')
  log.debug('not this')
  expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
      blocks: 3,
      msg: 'appended',
    },
  ])
})

test('silent means silent', () => {
  const { lines, log } = logged('silent')
  log.fatal('nothing')
  expect(lines).toEqual([])
})

test('an error is logged with its code and its place, without the session text that it quotes or carries', () => {
  const { lines, log } = logged('info')
  try {
    JSON.parse('{"text": my secret}')
  } catch (error) {
    log.error({ err: error }, 'a line could not be read')
  }
  const carrying = Object.assign(new Error('failed', { cause: new Error('my secret') }), {
    record: 'my secret',
  })
  log.error({ err: carrying }, 'failed')
  log.error({ err: 'my secret' }, 'failed')
  log.error({ err: new VibeTeaError('port_in_use', 'Port 1 is taken.', 'Use another.') }, 'failed')
  expect(lines.join('')).not.toContain('secret')
  expect(lines[0]).toContain('"name":"SyntaxError"')
  expect(lines[1]).toContain('logger.test.ts')
  expect(lines[3]).toContain('"code":"port_in_use","message":"Port 1 is taken. Use another."')
})
