import { expect, test } from 'vitest'
import { isLocalAddress } from '../../../node/mesh/address.ts'

test.each([
  '127.0.0.1',
  '10.1.2.3',
  '172.31.0.1',
  '192.168.178.20',
  '169.254.1.1',
  '::1',
  'fd12::1',
  'fe80::1',
])('%s is reached without the internet', (address) => expect(isLocalAddress(address)).toBe(true))

test.each(['8.8.8.8', '172.32.0.1', '100.64.0.1', '2001:db8::1', '', 'localhost', '192.168.1'])(
  '%s is not',
  (address) => expect(isLocalAddress(address)).toBe(false),
)
