import { createHmac } from 'node:crypto'

/** What the project's keys stand for. */
export type ApiRole = 'anon' | 'authenticated' | 'service_role'

export const JWT_SECRET = 'a secret of the test stack, long enough for HS256'
export const PUBLISHABLE_KEY = 'sb_publishable_of_the_test_stack'
export const SECRET_KEY = 'sb_secret_of_the_test_stack'

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A JWT (HS256) that makes its bearer a role, as the project's own service signs them. */
export function tokenOf(role: ApiRole): string {
  const content = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ role, exp: 4_102_444_800 })}`
  return `${content}.${createHmac('sha256', JWT_SECRET).update(content).digest('base64url')}`
}
