import process from 'node:process'

/** What takes peers' messages apart. */
const OF_PEERS =
  /[\\/]node_modules[\\/](hypercore|corestore|protomux|compact-encoding|@hyperswarm[\\/]secret-stream)[\\/]/

/** Meshes of this process. */
let count = 0
let told: (error: Error) => void = () => {}

/**
 * Lets this process outlive what peers' messages make Hypercore and Protomux throw. They take some errors, a TypeError or
 * an overflow of the stack, for their own mistakes and throw them once more where nobody can catch them, so that one odd
 * message would end the node. All other errors end it as before. `tell` hears of each that is survived; returns how to
 * stop.
 */
export function survivePeers(tell: (error: Error) => void): () => void {
  told = tell
  if (count++ === 0) process.on('uncaughtException', judge)
  return () => {
    if (--count === 0) process.off('uncaughtException', judge)
  }
}

/** Whether an error comes out of handling a peer's message. */
export function isOfPeers(error: unknown): error is Error {
  const frames =
    error instanceof Error ? (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)) : []
  return OF_PEERS.test(frames.find((frame) => !/\bnode:/.test(frame)) ?? '')
}

function judge(error: unknown): void {
  if (isOfPeers(error)) return told(error)
  // Where somebody else listens, it is theirs to say what then happens; as without this listener otherwise.
  if (process.listenerCount('uncaughtException') > 1) return
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  process.exit(1)
}
