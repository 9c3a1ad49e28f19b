import { afterEach, beforeEach, expect, it } from 'vitest'
import { Shortcuts } from '../../ui/lib/shortcuts.ts'

let shortcuts: Shortcuts
let done: string[]
let at = 0
let isOn = true
beforeEach(() => {
  document.body.innerHTML = '<input><button>x</button><p>x</p>'
  isOn = true
  shortcuts = new Shortcuts(() => isOn)
  done = []
  const note = (name: string) => () => done.push(name)
  shortcuts.on({ space: note('space'), 'g h': note('heat'), t: note('theme'), Esc: note('leave') })
})
afterEach(() => document.body.replaceChildren())

function press(key: string, { on = 'p', after = 100, ctrlKey = false } = {}): void {
  at += after
  const target = document.querySelector(on)
  shortcuts.press({
    key,
    target,
    ctrlKey,
    metaKey: false,
    altKey: false,
    timeStamp: at,
    preventDefault: () => undefined,
  })
}

it('two keys in a row lead to a screen, with a pause between them they do not', () => {
  press('g')
  press('h')
  expect(done).toEqual(['heat'])
  press('g')
  press('h', { after: 1500 })
  expect(done).toEqual(['heat'])
})

it('keys in a field, and the browser’s own, are left alone', () => {
  press('t', { on: 'input' })
  press('t', { ctrlKey: true })
  expect(done).toEqual([])
})

it('space on a button presses the button', () => {
  press(' ', { on: 'button' })
  expect(done).toEqual([])
  press(' ')
  expect(done).toEqual(['space'])
})

it('once switched off only Escape is heard', () => {
  isOn = false
  press('t')
  press('Escape')
  expect(done).toEqual(['leave'])
})

it('a screen that is left gives back the keys that it took', () => {
  const off = shortcuts.on({ t: () => done.push('other') })
  press('t')
  off()
  press('t')
  expect(done).toEqual(['other', 'theme'])
})

it('what is urgent has a key before what came later', () => {
  const off = shortcuts.on({ Esc: () => done.push('urgent') }, true)
  shortcuts.on({ Esc: () => done.push('later') })
  press('Escape')
  off()
  press('Escape')
  expect(done).toEqual(['urgent', 'later'])
})

it('what a key does can be chosen from a list as well, also once keys are switched off', () => {
  isOn = false
  expect([shortcuts.has('t'), shortcuts.has('i')]).toEqual([true, false])
  shortcuts.run('t')
  shortcuts.run('i')
  expect(done).toEqual(['theme'])
})
