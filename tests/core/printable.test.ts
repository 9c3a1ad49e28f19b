import { expect, test } from 'vitest'
import { printable } from '../../core/printable.ts'

test('leaves out what could move the cursor, turn the reading direction or hide', () => {
  const hidden = '\u0000\u0007\u001b\n\u007f\u009b\u061c\u200b\u200e\u2028\u202e\u2066\ufeff\ud800'
  expect(printable(`black${hidden} tea`)).toBe('black tea')
  expect(printable('grüner Tee 🍵 چای')).toBe('grüner Tee 🍵 چای')
})
