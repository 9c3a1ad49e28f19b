import { expect, test } from 'vitest'
import { inDialogue } from '../../../node/cli/dialogue.ts'
import { Cancelled } from '../../../node/cli/ends.ts'
import { Desk } from './support.ts'

test('lines that were pasted ahead answer the questions in their order', async () => {
  const desk = new Desk()
  desk.stdin.write('one\rtwo \rthree\r')
  const answers = await inDialogue(desk, async (dialogue) => [
    await dialogue.ask('First? '),
    await dialogue.ask('Second? '),
    await dialogue.ask('Third? '),
  ])
  expect(answers).toEqual(['one', 'two', 'three'])
})

test('a hidden answer is not shown, nor brought back by the arrow that asks for the line before', async () => {
  const desk = new Desk()
  const answering = inDialogue(desk, async (dialogue) => [
    await dialogue.askHidden('Secret? '),
    await dialogue.ask('Name? '),
  ])
  await desk.answer('Secret? ', 'kettle\r')
  await desk.answer('Name? ', '\u001b[A\r')
  expect(await answering).toEqual(['kettle', ''])
  expect(desk.screen).not.toContain('kettle')
})

test('a terminal is given back as it was, also where the questions ended in an error', async () => {
  const desk = new Desk()
  const modes: boolean[] = []
  Object.assign(desk.stdin, { setRawMode: (isRaw: boolean) => modes.push(isRaw), isRaw: false })
  const failing = inDialogue(desk, async (dialogue) => {
    await dialogue.ask('First? ')
    throw new Error('no')
  })
  const outcome = expect(failing).rejects.toThrow('no')
  await desk.answer('First? ', 'x\r')
  await outcome
  expect(modes).toEqual([true, false])
})

test('a signal from outside cancels the question', async () => {
  const desk = new Desk()
  const asking = inDialogue(desk, (dialogue) => dialogue.ask('First? '))
  const outcome = expect(asking).rejects.toThrow(Cancelled)
  await desk.sees('First? ')
  desk.interrupt()
  await outcome
})
