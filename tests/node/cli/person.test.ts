import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { personName } from '../../../node/cli/person.ts'
import { Desk } from './support.ts'

test('the name offered is that of git, fitted to what a name can be', async () => {
  const desk = new Desk()
  writeFileSync(join(desk.directory, '.gitconfig'), `[user]\n\tname = "Ada  ${'Okafor '.repeat(9)}"\n`)
  const name = await personName(desk, undefined, null)
  expect(name).toMatch(/^Ada Okafor Okafor/)
  expect(name.length).toBeLessThanOrEqual(40)
})

test('without git’s it is the account’s, then the machine’s', async () => {
  const desk = new Desk()
  expect(await personName(desk, undefined, null)).toBe('ada')
  desk.userName = ''
  expect(await personName(desk, undefined, null)).toBe('laptop')
})

test('--name counts before all of them', async () => {
  expect(await personName(new Desk(), ' Åsa  田中 ', null)).toBe('Åsa 田中')
})
