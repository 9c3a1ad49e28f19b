import fc from 'fast-check'
import { expect, test } from 'vitest'
import { portableBlake2b } from '../../../core/hash.ts'
import { nativeBlake2b } from '../../../node/sources/native-hash.ts'

test('the native hash gives the bytes of the portable one', () => {
  const key = fc.uint8Array({ minLength: 32, maxLength: 32 })
  fc.assert(
    fc.property(key, fc.uint8Array({ maxLength: 500 }), (secret, message) => {
      expect(nativeBlake2b(secret, message)).toEqual(portableBlake2b(secret, message))
    }),
  )
})
