import { createSocket } from 'node:dgram'
import { once } from 'node:events'

/** A UDP port of an address that nobody has at the moment: a node of the DHT is known by its port before it opens it. */
export async function freeUdpPort(address: string): Promise<number> {
  const socket = createSocket('udp4').bind(0, address)
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  await once(socket, 'close')
  return port
}
