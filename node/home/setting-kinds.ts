import { resolve, sep } from 'node:path'
import { z } from 'zod'
import { isSourceName, projectName } from '../../core/shapes.ts'
import type { RawValue } from './config-file.ts'

/** The kinds of value that a setting can have: how each is read and what is said where it cannot be. */

export interface Place {
  /** What `~` stands for. */
  homeDirectory: string
  /** From where relative paths count. */
  base: string
}

export interface Kind<Value> {
  /** Follows "Allowed is ". */
  allowed: string
  /** Its value may not be shown. */
  isSecret?: boolean
  /** undefined where the value is not allowed. */
  read(raw: RawValue, place: Place): Value | undefined
  /** The part of a value that makes it one which is not allowed, to be shown in its place. */
  fault?(raw: RawValue): RawValue | undefined
}

const isList = (raw: RawValue): raw is readonly string[] => Array.isArray(raw)

/** '' for an object, which is no value of most kinds. */
const one = (raw: RawValue): string =>
  (typeof raw === 'string' ? raw : isList(raw) ? raw.join(',') : '').trim()

/** The parts of a list; empty ones count for nothing. */
const many = (raw: RawValue): string[] =>
  (typeof raw === 'string' ? raw.split(',') : isList(raw) ? raw : [])
    .map((part) => part.trim())
    .filter((part) => part !== '')

export function wholeNumber(from: number, to: number): Kind<number> {
  return {
    allowed: `a whole number from ${from} to ${to}`,
    read(raw) {
      const text = one(raw)
      const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN
      return value >= from && value <= to ? value : undefined
    },
  }
}

export function oneOf<Name extends string>(names: readonly Name[]): Kind<Name> {
  return {
    allowed: `one of ${names.join(', ')}`,
    read: (raw) => names.find((name) => name === one(raw).toLowerCase()),
  }
}

function expand(path: string, { homeDirectory, base }: Place): string {
  const isHome = path === '~' || path.startsWith('~/') || path.startsWith(`~${sep}`)
  return isHome ? resolve(homeDirectory, path.slice(2)) : resolve(base, path)
}

export const path: Kind<string> = {
  allowed: 'a path',
  read: (raw, place) => (one(raw) && !one(raw).includes('\0') ? expand(one(raw), place) : undefined),
}

export const paths: Kind<readonly string[]> = {
  allowed: 'one or more directories, separated by commas',
  read(raw, place) {
    const parts = many(raw)
    return parts.length > 0 && !parts.some((part) => part.includes('\0'))
      ? parts.map((part) => expand(part, place))
      : undefined
  },
}

/** Lower case, without dots. */
export const extensions: Kind<ReadonlySet<string>> = {
  allowed: 'a list of extensions like .rs,.ts or rs,ts',
  read(raw) {
    const parts = many(raw).map((part) => part.replace(/^\*?\./, '').toLowerCase())
    const isValid = parts.length > 0 && parts.every((part) => /^[a-z0-9_+-]{1,32}$/.test(part))
    return isValid ? new Set(parts) : undefined
  },
}

/** An absolute path of any system, or one in the home directory. */
const DIRECTORY = /^(?:~?[\\/]|~$|[A-Za-z]:[\\/])/

/** What is called otherwise, and how, as pairs: of an object, or of a list like `website=site,~/clients/acme=acme`. */
function pairsOf(raw: RawValue): [string, string][] {
  if (typeof raw !== 'string' && !isList(raw)) return Object.entries(raw)
  return many(raw).map((pair) => {
    const at = pair.lastIndexOf('=')
    return [pair.slice(0, Math.max(at, 0)), at < 0 ? '' : pair.slice(at + 1)]
  })
}

function isAlias([from, to]: [string, string]): boolean {
  const isName = from.trim() !== '' && !/[\\/~\0]/.test(from)
  return (isName || (DIRECTORY.test(from.trim()) && !from.includes('\0'))) && /^[^\\/~\0]+$/.test(to.trim())
}

/** By a project's name, or by a directory, absolute and without a slash at its end; names as events have them. */
export const aliases: Kind<ReadonlyMap<string, string>> = {
  allowed:
    'names for projects, each by its name or its directory, like {"website": "site", "~/clients/acme": "acme"}, in ' +
    'the environment website=site,~/clients/acme=acme',
  read(raw, { homeDirectory }) {
    const pairs = pairsOf(raw)
    if (!pairs.every(isAlias)) return undefined
    return new Map(
      pairs.map(([from, to]) => {
        const key = from.trim()
        const expanded = key.replace(/^~(?=$|[\\/])/, () => homeDirectory)
        const directory = expanded.replace(/(?<=.)[\\/]+$/, '')
        return [DIRECTORY.test(key) ? directory : projectName(key), projectName(to.trim())]
      }),
    )
  },
  fault(raw) {
    if (typeof raw === 'string' || isList(raw)) return undefined
    const faulty = pairsOf(raw).find((pair) => !isAlias(pair))
    return faulty && { [faulty[0]]: faulty[1] }
  },
}

/** The name part of `source`, in the shape that events have it. */
export const sourceName: Kind<string> = {
  allowed: '1 to 63 letters, digits and ._- that begin with a letter or a digit',
  read: (raw) => (isSourceName(one(raw)) ? one(raw) : undefined),
}

export const webAddress: Kind<string> = {
  allowed: 'an address that begins with https:// or http://',
  read(raw) {
    const parsed = z.url({ protocol: /^https?$/ }).safeParse(one(raw))
    return parsed.success ? parsed.data.replace(/\/+$/, '') : undefined
  },
}

export interface Endpoint {
  host: string
  port: number
}

export const endpoints: Kind<readonly Endpoint[]> = {
  allowed: 'a list like node1.example:49737,10.0.0.2:49737, ports from 1 to 65535',
  read(raw) {
    const parts = many(raw).map((part) => {
      const match = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/.exec(part)
      const port = Number(match?.[2])
      return match && port >= 1 && port <= 65535
        ? { host: match[1]!.replace(/^\[|\]$/g, ''), port }
        : undefined
    })
    return parts.length > 0 && parts.every((part) => part !== undefined) ? parts : undefined
  },
}

/** Printable ASCII without spaces, as a header can carry it. */
export const secretText: Kind<string> = {
  allowed: 'printable characters without spaces',
  isSecret: true,
  read: (raw) => (/^[\x21-\x7e]{1,4096}$/.test(one(raw)) ? one(raw) : undefined),
}

/** Base64 or base64url of exactly 32 bytes, with or without padding. */
export const secretKey: Kind<Uint8Array> = {
  allowed: 'the base64 of exactly 32 bytes',
  isSecret: true,
  read(raw) {
    const text = one(raw)
    if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return undefined
    return new Uint8Array(Buffer.from(text, 'base64'))
  },
}
