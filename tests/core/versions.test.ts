import { describe, expect, it } from 'vitest'
import { isNewer, isVersion, newestAfter } from '../../core/versions.ts'

describe('Versions', () => {
  it('come after one another by number', () => {
    expect(isNewer('1.10.0', '1.9.3')).toBe(true)
    expect(isNewer('1.9.3', '1.9.3')).toBe(false)
    expect(isNewer('1.9.3-beta', '2.0.0')).toBe(false)
    expect(isNewer('1.9.4-beta.1', '1.9.3')).toBe(true)
  })

  it('are never newer where they are none', () => {
    for (const text of ['best', '9.0', '', '9.0.0<b>', `9.0.${'0'.repeat(7)}`, `9.0.0-${'a'.repeat(32)}`])
      expect(isNewer(text, '1.0.0'), text).toBe(false)
    expect(isNewer('9.0.0', 'best')).toBe(false)
    expect([isVersion('1.0.0-beta.1'), isVersion('9.0.0<b>'), isVersion(9)]).toEqual([true, false, false])
  })

  it('are told where the newest of them comes after one’s own', () => {
    expect(newestAfter('1.1.0', ['1.3.0', '1.10.0', null, '1.2.0'])).toBe('1.10.0')
    expect(newestAfter('1.1.0', ['1.1.0', '0.9.0', 'best'])).toBeNull()
    expect(newestAfter('1.1.0', [])).toBeNull()
  })
})
