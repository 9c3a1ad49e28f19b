import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { run } from '../../../node/cli/program.ts'
import { CTRL_C, Desk, keyOf } from './support.ts'

const complaint = (desk: Desk) => desk.complained.join('\n')

describe('wrong usage of the commands of a team', () => {
  test.each([
    [['join', keyOf('write')], 'Nobody can be asked here which projects to share. Say it: --share all'],
    [['join', '--share', 'none'], 'There is no team key.'],
    [['join', keyOf('read'), '--share', 'all'], 'nothing can be shared with it'],
    [['join', 'a', 'b'], 'too many arguments'],
    [['create', '--shared', 'all'], 'Did you mean --share?'],
    [['invite', '--read-only', '--mirror'], 'cannot be used with'],
    [['invit'], 'Did you mean invite?'],
    [['members', '--yes'], 'unknown option'],
  ])('vibetea %j exits with 2 and says why', async (args, sentence) => {
    const desk = new Desk({ isInteractive: false })
    expect(await run(args, desk)).toBe(2)
    expect(complaint(desk)).toContain(sentence)
    expect(desk.printed).toEqual([])
    expect(existsSync(desk.home)).toBe(false)
  })
})

test('Ctrl-C at a question exits with 130', async () => {
  const desk = new Desk()
  const code = run(['create'], desk)
  await desk.answer('Name teammates see', CTRL_C)
  expect(await code).toBe(130)
  expect(complaint(desk)).toBe('Cancelled: nothing was changed.')
  expect(existsSync(desk.home)).toBe(false)
})

test('every command of a team says with --help what it takes', async () => {
  for (const command of ['create', 'join', 'leave', 'members', 'invite', 'archive', 'bootstrap']) {
    const desk = new Desk()
    expect(await run([command, '--help'], desk)).toBe(0)
    expect(desk.text).toContain(`Usage: vibetea ${command}`)
  }
})
