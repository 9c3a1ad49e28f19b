import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** The local addresses of a process's sockets, IPv4 and IPv6, TCP and UDP: `127.0.0.1:8832`. */
export function socketsOf(pid: number): string[] {
  return process.platform === 'linux' ? fromProc(pid) : fromLsof(pid)
}

function fromProc(pid: number): string[] {
  const inodes = new Set<string>()
  for (const name of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const match = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${name}`))
      if (match) inodes.add(match[1]!)
    } catch (error) {
      // A descriptor that was closed meanwhile.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  return ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => inodes.has(fields[9]!))
      .map((fields) => `${table} ${address(fields[1]!)}`),
  )
}

/** `0100007F:2280` → `127.0.0.1:8832`; an IPv6 address stays in hex. */
function address(hex: string): string {
  const [ip, port] = hex.split(':') as [string, string]
  const isV4 = ip.length === 8
  const text = isV4 ? Buffer.from(ip, 'hex').reverse().join('.') : ip
  return `${text}:${parseInt(port, 16)}`
}

function fromLsof(pid: number): string[] {
  const text = execFileSync('lsof', ['-nP', '-a', '-i', '-p', String(pid), '-Fn'], { encoding: 'utf8' })
  return text
    .split('\n')
    .filter((line) => line.startsWith('n'))
    .map((line) => line.slice(1).split('->')[0]!)
}
