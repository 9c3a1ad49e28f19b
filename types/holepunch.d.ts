// Declarations for the untyped Holepunch modules, as far as VibeTea uses them (hypercore 11.37.1, corestore 7.12.5).
declare module 'hypercore' {
  import { EventEmitter } from 'node:events'
  namespace Hypercore {
    interface KeyPair {
      publicKey: Buffer
      secretKey: Buffer
    }
    interface Options {
      name?: string
      key?: Buffer | string
      keyPair?: KeyPair
      writable?: boolean
    }
  }
  class Hypercore extends EventEmitter {
    readonly key: Buffer
    readonly length: number
    readonly byteLength: number
    ready(): Promise<void>
    close(): Promise<void>
    append(block: Uint8Array | readonly Uint8Array[]): Promise<{ length: number; byteLength: number }>
    /** `null` where the block is not here. */
    get(index: number, opts: { wait: false }): Promise<Buffer | null>
    has(start: number, end?: number): Promise<boolean>
    clear(start: number, end?: number): Promise<null>
    compact(): Promise<void>
    setUserData(key: string, value: Buffer | string): Promise<void>
    getUserData(key: string): Promise<Buffer | null>
    on(event: 'append' | 'ready' | 'close', fn: () => void): this
  }
  export default Hypercore
}
declare module 'corestore' {
  import type Hypercore from 'hypercore'
  import { EventEmitter } from 'node:events'
  class Corestore extends EventEmitter {
    constructor(dir: string, opts?: { primaryKey?: Buffer; readOnly?: boolean; wait?: boolean })
    ready(): Promise<void>
    close(): Promise<void>
    get(opts: Hypercore.Options): Hypercore
  }
  export default Corestore
}
declare module 'sodium-universal' {
  export function crypto_generichash(out: Uint8Array, message: Uint8Array, key: Uint8Array): void
}
