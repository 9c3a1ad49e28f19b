// Declarations for the untyped Holepunch modules, as far as VibeTea uses them (hypercore 11.37.1, corestore 7.12.5,
// hyperswarm 4.17.2, hyperdht 6.32.0, protomux 3.12.1).
declare module 'hypercore' {
  import type { EventEmitter } from 'node:events'
  namespace Hypercore {
    interface KeyPair {
      publicKey: Uint8Array
      secretKey: Uint8Array
    }
    interface Manifest {
      version: number
      signers: { publicKey: Uint8Array; namespace: Uint8Array }[]
    }
    interface Options {
      name?: string
      key?: Uint8Array
      keyPair?: KeyPair
      manifest?: Manifest
      writable?: boolean
      /** false: a log that its writer has rewritten is not taken over. */
      allowFork?: boolean
    }
    /** A request for blocks. */
    interface Range {
      done(): Promise<boolean>
      destroy(): void
    }
    interface Peer {
      remotePublicKey: Uint8Array
      /** As the peer says; not proven. */
      remoteLength: number
      remoteContiguousLength: number
      /** Which blocks the peer says it has. */
      remoteBitfield: { get(index: number): boolean }
    }
  }
  class Hypercore extends EventEmitter {
    readonly key: Buffer
    readonly discoveryKey: Buffer
    /** Of the longest tree head that its writer has signed and that is known here. */
    readonly length: number
    readonly byteLength: number
    readonly fork: number
    readonly opened: boolean
    readonly closed: boolean
    readonly closing: Promise<void> | null
    readonly peers: Hypercore.Peer[]
    ready(): Promise<void>
    close(): Promise<void>
    append(
      block: Uint8Array | readonly Uint8Array[],
      opts?: { keyPair?: Hypercore.KeyPair },
    ): Promise<{ length: number; byteLength: number }>
    /** `null` where the block is not here. */
    get(index: number, opts: { wait: false }): Promise<Buffer | null>
    get(index: number, opts: { timeout: number }): Promise<Buffer>
    has(start: number, end?: number): Promise<boolean>
    /** Asks the peers for a longer log; with `wait` once one has answered. */
    update(opts?: { wait?: boolean }): Promise<boolean>
    download(range: { start?: number; end?: number; linear?: boolean }): Hypercore.Range
    clear(start: number, end?: number): Promise<null>
    truncate(length: number, opts?: { fork?: number; keyPair?: Hypercore.KeyPair }): Promise<void>
    compact(): Promise<void>
    session(opts?: Hypercore.Options): Hypercore
    setUserData(key: string, value: Uint8Array | string): Promise<void>
    getUserData(key: string): Promise<Buffer | null>
    /** Counts as looking for peers until what it returns is called. */
    findingPeers(): () => void
    static key(manifest: Hypercore.Manifest): Buffer
    static discoveryKey(key: Uint8Array): Buffer
    on(event: 'append' | 'ready' | 'close', fn: () => void): this
    on(event: 'truncate', fn: (length: number, fork: number) => void): this
    on(event: 'conflict', fn: (length: number, fork: number, proof: unknown) => void): this
    on(
      event: 'download' | 'upload',
      fn: (index: number, byteLength: number, peer: Hypercore.Peer) => void,
    ): this
    on(event: 'peer-add' | 'peer-remove', fn: (peer: Hypercore.Peer) => void): this
  }
  export default Hypercore
}
declare module 'corestore' {
  import type Hypercore from 'hypercore'
  import type { EventEmitter } from 'node:events'
  class Corestore extends EventEmitter {
    constructor(dir: string, opts?: { primaryKey?: Buffer; readOnly?: boolean; wait?: boolean })
    ready(): Promise<void>
    close(): Promise<void>
    get(opts: Hypercore.Options): Hypercore
    /** Its files. */
    readonly storage: { close(): Promise<void> }
    /** Serves and asks for every log of the store over a connection. */
    replicate(connection: unknown): unknown
  }
  export default Corestore
}
declare module '@hyperswarm/secret-stream' {
  import type { Duplex } from 'node:stream'
  class NoiseSecretStream extends Duplex {
    constructor(
      isInitiator: boolean,
      rawStream?: unknown,
      opts?: { keyPair?: { publicKey: Uint8Array; secretKey: Uint8Array } },
    )
    readonly isInitiator: boolean
    readonly publicKey: Buffer
    readonly remotePublicKey: Buffer
    readonly handshakeHash: Buffer
    readonly opened: Promise<boolean>
    /** Of encrypted bytes. */
    readonly rawBytesRead: number
    /** What carries the encrypted bytes. */
    readonly rawStream: Duplex & {
      /** Where the other end is now; null before it is known. */
      readonly remoteHost?: string | null
    }
    setKeepAlive(ms: number): void
    sendKeepAlive(): void
    /** Destroys the stream when nothing has come for `ms`. */
    setTimeout(ms: number): void
  }
  export default NoiseSecretStream
}
declare module 'hyperdht' {
  import type { EventEmitter } from 'node:events'
  namespace HyperDHT {
    interface Endpoint {
      host: string
      port: number
    }
    interface KeyPair {
      publicKey: Buffer
      secretKey: Buffer
    }
    /** What others find under a key. */
    interface Server {
      /** Nodes through which it is found; none where it could not be announced. */
      readonly relayAddresses: Endpoint[]
      /** Announces it anew, within seconds. */
      refresh(): void
    }
  }
  class HyperDHT extends EventEmitter {
    constructor(opts?: {
      bootstrap?: (HyperDHT.Endpoint | string)[]
      host?: string
      port?: number
      ephemeral?: boolean
      firewalled?: boolean
    })
    static keyPair(seed?: Uint8Array): HyperDHT.KeyPair
    /** A node that others begin with, and that is never behind a firewall. */
    static bootstrapper(port: number, host: string, opts?: object): HyperDHT
    readonly bootstrapped: boolean
    readonly online: boolean
    readonly firewalled: boolean
    readonly stats: { requests: { responses: number } }
    /** Nodes of the DHT that it knows. */
    toArray(): HyperDHT.Endpoint[]
    ready(): Promise<void>
    fullyBootstrapped(): Promise<void>
    address(): HyperDHT.Endpoint
    destroy(opts?: { force?: boolean }): Promise<void>
  }
  export default HyperDHT
}
declare module 'hyperdht/testnet.js' {
  import type HyperDHT from 'hyperdht'
  interface Testnet {
    nodes: HyperDHT[]
    bootstrap: HyperDHT.Endpoint[]
    createNode(opts?: object): HyperDHT
    destroy(): Promise<void>
  }
  function createTestnet(size?: number, opts?: { host?: string; port?: number }): Promise<Testnet>
  export default createTestnet
}
declare module 'hyperswarm' {
  import type { EventEmitter } from 'node:events'
  import type NoiseSecretStream from '@hyperswarm/secret-stream'
  import type HyperDHT from 'hyperdht'
  namespace Hyperswarm {
    interface PeerInfo {
      publicKey: Buffer
      topics: Buffer[]
      client: boolean
      ban(isBanned: boolean): void
    }
    interface Discovery {
      flushed(): Promise<boolean>
      refresh(opts?: { client?: boolean; server?: boolean }): Promise<boolean>
      destroy(): Promise<void>
    }
  }
  class Hyperswarm extends EventEmitter {
    constructor(opts?: {
      keyPair?: { publicKey: Uint8Array; secretKey: Uint8Array }
      dht?: HyperDHT
      bootstrap?: HyperDHT.Endpoint[]
      maxPeers?: number
      firewall?: (remotePublicKey: Buffer) => boolean
    })
    readonly dht: HyperDHT
    readonly server: HyperDHT.Server
    readonly connections: Set<NoiseSecretStream>
    readonly connecting: number
    join(topic: Uint8Array, opts?: { server?: boolean; client?: boolean }): Hyperswarm.Discovery
    leave(topic: Uint8Array): Promise<void>
    /** Can be called by its key, without a topic. */
    listen(): Promise<unknown>
    joinPeer(publicKey: Uint8Array): void
    leavePeer(publicKey: Uint8Array): void
    flush(): Promise<boolean>
    suspend(): Promise<void>
    resume(): Promise<void>
    destroy(opts?: { force?: boolean }): Promise<void>
    on(event: 'connection', fn: (connection: NoiseSecretStream, info: Hyperswarm.PeerInfo) => void): this
    on(event: 'update', fn: () => void): this
  }
  export default Hyperswarm
}
declare module 'protomux' {
  import type NoiseSecretStream from '@hyperswarm/secret-stream'
  interface Encoding<T> {
    preencode(state: never, value: T): void
    encode(state: never, value: T): void
    decode(state: never): T
  }
  namespace Protomux {
    interface Message<M> {
      /** false: the peer does not keep up. */
      send(message: M): boolean
    }
    interface Channel {
      readonly opened: boolean
      readonly closed: boolean
      addMessage<M>(opts: { encoding: Encoding<M>; onmessage?: (message: M) => void }): Message<M>
      open(handshake?: unknown): void
      close(): void
      cork(): void
      uncork(): void
    }
    interface ChannelOptions<H> {
      protocol: string
      id?: Uint8Array | null
      unique?: boolean
      handshake?: Encoding<H>
      onopen?(handshake: H): void
      messages?: { encoding: Encoding<never>; onmessage?: (message: never, channel: never) => unknown }[]
      onclose?(isRemote: boolean): void
      ondestroy?(): void
      ondrain?(): void
    }
  }
  class Protomux {
    static from(stream: unknown): Protomux
    readonly stream: NoiseSecretStream
    /** Whether the peer has taken all that was sent. */
    readonly drained: boolean
    /** null where there is such a channel already, or the other side has closed it. */
    createChannel<H = undefined>(opts: Protomux.ChannelOptions<H>): Protomux.Channel | null
    pair(opts: { protocol: string; id?: Uint8Array }, fn: (id: Buffer | null) => void): void
    unpair(opts: { protocol: string; id?: Uint8Array }): void
  }
  export default Protomux
}
declare module 'sodium-universal' {
  /** Strict (RFC 8032); throws where a length is wrong. */
  export function crypto_sign_verify_detached(
    signature: Uint8Array,
    message: Uint8Array,
    publicKey: Uint8Array,
  ): boolean
  export function crypto_generichash(out: Uint8Array, message: Uint8Array, key: Uint8Array): void
  export function crypto_aead_xchacha20poly1305_ietf_encrypt_detached(
    cipher: Uint8Array,
    mac: Uint8Array,
    message: Uint8Array,
    additionalData: Uint8Array | null,
    secretNonce: null,
    nonce: Uint8Array,
    key: Uint8Array,
  ): number
  /** Throws where the tag is wrong. */
  export function crypto_aead_xchacha20poly1305_ietf_decrypt_detached(
    message: Uint8Array,
    secretNonce: null,
    cipher: Uint8Array,
    mac: Uint8Array,
    additionalData: Uint8Array | null,
    nonce: Uint8Array,
    key: Uint8Array,
  ): void
}
