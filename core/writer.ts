import type { Role } from './team-key.ts'

/** A device's logs of one incarnation, as the team's certificates admit them. */
export interface Writer {
  /** The device key, 32 bytes. */
  device: Uint8Array
  /** 8 bytes. */
  incarnation: Uint8Array
  /** The key under which the device is met in the DHT, 32 bytes. */
  noise: Uint8Array
  role: Role
  /** ms since 1970, by the device's clock. */
  issuedAt: number
  /** Blocks from here on do not count; null where the log goes on. */
  cut: number | null
  /** Blocks before this its writer has cleared. */
  floor: number
  /** The device said that it left. */
  hasLeft: boolean
}
