import { describe, expect, test } from 'vitest'
import { isUnique } from '../../core/natural-key.ts'

describe('an id is unique by itself', () => {
  test.each([
    'toolu_01A2b3C4d5E6f7G8h9J0k1L2',
    'toolu_bdrk_01A2b3C4d5E6f7G8h9J0k1L2',
    'msg_01Z9y8X7w6V5u4T3s2R1q0P9',
    'call_AbCdEfGhIjKlMnOpQrStUvWx',
    'call_00_a1B2c3D4e5F6g7H8i9J0k1L2',
    'chatcmpl-tool-0123456789abcdef0123456789abcdef',
    '0ccf1a04-1b4c-43b6-8aa5-79e41db43a68',
    'tooluse_a1B2c3D4e5F6g7H8i9J0k1',
    'a1b2c3d4e5f6g7h8',
  ])('%s', (id) => expect(isUnique(id)).toBe(true))
})

describe('an id counts within its session only', () => {
  test.each([
    '',
    'call_1',
    'call_a1b2c3',
    'call_function_abcdef123456_1',
    'functions.WebSearch:3',
    'functions.ListMcpResourcesTool:0',
    'functions.run_shell_command:12',
    'run_shell_command-1770091234567',
    'msg-00000000000000000001',
    '00000000-0000-0000-0000-000000000001',
    'tool_call_number_one',
    'a1b2c3d4e5f6g7h',
  ])('%j', (id) => expect(isUnique(id)).toBe(false))
})
