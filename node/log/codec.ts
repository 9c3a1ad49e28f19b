import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { InputType, ZlibOptions } from 'node:zlib'
import type { Codec } from '../../core/blocks.ts'

/** With `info` the answer also says how much of the input was used; the types of Node 20 do not know. */
const inflateWithInfo = inflateRawSync as unknown as (
  body: InputType,
  options: ZlibOptions,
) => { buffer: Buffer; engine: { bytesWritten: number } }

const withDictionary = (dictionary: Uint8Array | null): ZlibOptions => (dictionary ? { dictionary } : {})

/** The codec of blocks over `node:zlib`. `inflate` also throws for what is not one whole stream and nothing else. */
export const zlibCodec: Codec = {
  deflate: (body, dictionary) => deflateRawSync(body, withDictionary(dictionary)),
  inflate(body, dictionary, maxBytes) {
    const options = { ...withDictionary(dictionary), maxOutputLength: maxBytes, info: true }
    const { buffer, engine } = inflateWithInfo(body, options)
    if (engine.bytesWritten !== body.length)
      throw new RangeError('bytes follow the end of the deflate stream')
    return buffer
  },
}
