import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { STATUS_CODES } from 'node:http'
import type { ErrorAnswer } from '../../core/api.ts'
import { SECURITY_HEADERS } from './headers.ts'

export type RefusalStatus = 400 | 401 | 403 | 404 | 405 | 413 | 415 | 421 | 426 | 429 | 500 | 503

/** Why a request is not answered: its status, a code for programs, a sentence for people. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: RefusalStatus
  readonly code: string
  readonly headers: Readonly<Record<string, string>>

  constructor(status: RefusalStatus, code: string, message: string, headers: Record<string, string> = {}) {
    super(message)
    this.status = status
    this.code = code
    this.headers = headers
  }

  get body(): ErrorAnswer {
    return { error: this.code, message: this.message }
  }
}

/** Answers a request that goes no further, and closes its connection: what it still sends is not read. */
export function sendRefusal(response: ServerResponse, refusal: Refusal): void {
  response.writeHead(refusal.status, {
    ...refusal.headers,
    'Content-Type': 'application/json',
    Connection: 'close',
  })
  response.end(JSON.stringify(refusal.body))
}

/** The same on a socket that asked for an upgrade. */
export function sendRawRefusal(socket: Duplex, refusal: Refusal): void {
  const body = JSON.stringify(refusal.body)
  const headers = {
    ...SECURITY_HEADERS,
    ...refusal.headers,
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  const status = `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ''}`
  socket.end(`${[status, ...lines].join('\r\n')}\r\n\r\n${body}`)
}

const SHOWN_LENGTH = 40

/** A stranger's text as an answer may repeat it: one short line without control or direction characters. */
export function shown(text: string): string {
  const plain = text.replace(/[\p{C}\p{Zl}\p{Zp}"\\]/gu, '?')
  const characters = Array.from(plain)
  return characters.length > SHOWN_LENGTH ? `${characters.slice(0, SHOWN_LENGTH).join('')}…` : plain
}
