import { readFileSync } from 'node:fs'
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'

/** A program that runs until it is stopped, with what it says. */
export class Program {
  readonly process: ChildProcess
  readonly #name: string
  readonly #ended: Promise<void>
  #said = ''

  constructor(name: string, file: string, args: readonly string[], options: SpawnOptions) {
    this.#name = name
    this.process = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    const listen = (chunk: Buffer) => void (this.#said += chunk.toString())
    this.process.stdout!.on('data', listen)
    this.process.stderr!.on('data', listen)
    this.#ended = new Promise((resolve) => {
      this.process.once('close', () => resolve())
      this.process.once('error', (error) => {
        this.#said += String(error)
        resolve()
      })
    })
    // Whoever ends without stopping it leaves nothing behind.
    const kill = () => this.process.kill('SIGKILL')
    process.once('exit', kill)
    void this.#ended.then(() => process.off('exit', kill))
  }

  /** Everything it has said so far. */
  get said(): string {
    return this.#said
  }

  /** How long it has used a processor, in ms, to 10 ms. */
  get cpuMs(): number {
    // proc_pid_stat(5): the name in brackets may hold anything; utime and stime are fields 14 and 15, in ticks.
    const fields = readFileSync(`/proc/${this.process.pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
    return (Number(fields[11]) + Number(fields[12])) * 10
  }

  /** What `attempt` gives once it gives something; it is asked again until then. Throws where the program ends first. */
  async until<T>(attempt: () => Promise<T | null | undefined> | T | null | undefined): Promise<T> {
    const deadline = Date.now() + 30_000
    for (;;) {
      const value = await attempt()
      if (value !== null && value !== undefined) return value
      const hasEnded = this.process.exitCode !== null || this.process.signalCode !== null
      if (hasEnded || this.process.pid === undefined || Date.now() > deadline) {
        await this.stop()
        throw new Error(`${this.#name} does not start. ${this.#said}`)
      }
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.process.kill(signal)
    await this.#ended
  }
}

/** Runs a program to its end. Throws what it said where it fails. */
export async function run(file: string, args: readonly string[], options: SpawnOptions): Promise<void> {
  const program = new Program(file, file, args, options)
  const code = await new Promise<number | null>((resolve) => {
    program.process.once('close', resolve)
    program.process.once('error', () => resolve(null))
  })
  if (code !== 0) throw new Error(`${file}: ${program.said}`)
}
