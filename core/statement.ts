import { concat, readWhole, uint64 } from './bytes.ts'
import { verify as portableVerify, type VerifyWith } from './identity.ts'

/**
 * What a device says of one of its own logs, signed by it and passed on by everyone: that it left the team with so many
 * blocks in its log, or that it has cleared all blocks before a number. Format: kind ‖ teamId ‖ device ‖ incarnation
 * (8) ‖ length or floor (8, little-endian) ‖ signature.
 */
export interface Statement {
  kind: 'left' | 'floor'
  teamId: Uint8Array
  device: Uint8Array
  incarnation: Uint8Array
  /** Of the log: its length, or the first block that it still has. */
  value: number
}

export interface SignedStatement extends Statement {
  signature: Uint8Array
}

const KINDS = { left: 1, floor: 2 } as const
const DOMAIN = new TextEncoder().encode('vibetea/statement/1')
export const STATEMENT_BYTES = 1 + 32 + 32 + 8 + 8 + 64

function unsigned({ kind, teamId, device, incarnation, value }: Statement): Uint8Array {
  return concat(Uint8Array.of(KINDS[kind]), teamId, device, incarnation, uint64(value))
}

/** What the device signs. */
export function statementBytes(statement: Statement): Uint8Array {
  return concat(DOMAIN, unsigned(statement))
}

export function encodeStatement(statement: SignedStatement): Uint8Array {
  return concat(unsigned(statement), statement.signature)
}

/** Reads one, without looking at its signature; null where the bytes are none. */
export function decodeStatement(bytes: Uint8Array): SignedStatement | null {
  return readWhole(bytes, (reader) => {
    const code = reader.uint8()
    const kind = (['left', 'floor'] as const).find((name) => KINDS[name] === code)
    if (!kind) throw new RangeError('another kind of statement')
    return {
      kind,
      teamId: reader.bytes(32),
      device: reader.bytes(32),
      incarnation: reader.bytes(8),
      value: reader.uint64(),
      signature: reader.bytes(64),
    }
  })
}

export function isSignedStatement(statement: SignedStatement, verify: VerifyWith = portableVerify): boolean {
  return verify(statement.signature, statementBytes(statement), statement.device)
}
